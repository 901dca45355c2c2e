//! Sizes as people write and read them: `10GiB`, `unlimited`.

use anyhow::{Context as _, bail};

const UNITS: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

/// Bytes as text; −1 is `unlimited`.
pub fn show(bytes: i64) -> String {
    let Ok(size) = u64::try_from(bytes) else {
        return "unlimited".to_owned();
    };
    for (name, unit) in UNITS {
        if size >= unit {
            // One decimal, in whole numbers so that nothing is lost on the way.
            let tenths = u128::from(size) * 10 / u128::from(unit);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{size} B")
}

/// Text as bytes; `unlimited` and `-1` are −1. Units are binary: `10G`, `10GB` and `10GiB` are equal.
pub fn parse(text: &str) -> anyhow::Result<i64> {
    let text = text.trim();
    if text == "unlimited" || text == "-1" {
        return Ok(-1);
    }
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || format!("{text} is no size: write such as 500MiB, 10GiB or unlimited");
    let number: u64 = number.parse().with_context(wrong)?;
    let factor = match unit
        .trim()
        .to_ascii_lowercase()
        .trim_end_matches('b')
        .trim_end_matches('i')
    {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => bail!(wrong()),
    };
    number
        .checked_mul(factor)
        .and_then(|bytes| i64::try_from(bytes).ok())
        .with_context(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes) in [
            ("unlimited", -1),
            ("-1", -1),
            ("12", 12),
            ("1k", 1024),
            ("10 GiB", 10 << 30),
            ("2MB", 2 << 20),
        ] {
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "x", "1.5G", "9999999999T", "5 parsecs"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(show(-1), "unlimited");
        assert_eq!(show(0), "0 B");
        assert_eq!(show(10 << 30), "10.0 GiB");
        assert_eq!(show(1_600_000), "1.5 MiB");
    }
}
