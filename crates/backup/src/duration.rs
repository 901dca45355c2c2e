//! Go's durations: nanoseconds with a sign, written `1h30m0s`.
//!
//! An unset duration is `0s` and is written all the same: Go's `omitempty` does not leave a struct
//! out. Source: Go `time.ParseDuration` and `Duration.String`, `metav1.Duration`.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Nanoseconds, as Go's `time.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Why a text is no duration of Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is not a sequence of numbers with units.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number has no unit behind it.
    #[error("time: missing unit in duration {0:?}")]
    NoUnit(String),
    /// A number has a unit that there is not.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl Duration {
    /// None at all: what an unset field holds.
    pub const ZERO: Self = Self(0);

    /// So many nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// So many seconds; more than Go can hold become the longest duration there is.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// So many hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_seconds(hours.saturating_mul(3_600))
    }

    /// Its length in nanoseconds.
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Whether it is none at all, as in a field that nobody set.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The same as the standard library's; a negative one has none.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0)
            .ok()
            .map(std::time::Duration::from_nanos)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        if size == 0 {
            return formatter.write_str("0s");
        }
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let (unit, per_unit) = match size {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => ("s", 1_000_000_000),
        };
        let (whole, rest) = (size / per_unit, size % per_unit);
        let width = match per_unit {
            1_000 => 3,
            1_000_000 => 6,
            _ => 9,
        };
        let fraction = format!("{rest:0width$}");
        let fraction = match fraction.trim_end_matches('0') {
            "" => String::new(),
            digits => format!(".{digits}"),
        };
        if unit != "s" || whole < 60 {
            return write!(formatter, "{whole}{fraction}{unit}");
        }
        let (minutes, seconds) = (whole / 60, whole % 60);
        if minutes < 60 {
            write!(formatter, "{minutes}m{seconds}{fraction}s")
        } else {
            let (hours, minutes) = (minutes / 60, minutes % 60);
            write!(formatter, "{hours}h{minutes}m{seconds}{fraction}s")
        }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut sum: u64 = 0;
        while !rest.is_empty() {
            let (part, after) = part(text, rest)?;
            sum = sum
                .checked_add(part)
                .filter(|sum| *sum <= 1 << 63)
                .ok_or_else(invalid)?;
            rest = after;
        }
        let nanoseconds = if negative {
            0_i64.checked_sub_unsigned(sum)
        } else {
            i64::try_from(sum).ok()
        };
        nanoseconds.map(Self).ok_or_else(invalid)
    }
}

/// The nanoseconds of the first number with its unit in `rest`, and what follows it.
fn part<'a>(text: &str, rest: &'a str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole, after) = digits(rest);
    let (fraction, after) = match after.strip_prefix('.') {
        Some(after) => digits(after),
        None => ("", after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let end = after
        .find(|letter: char| letter == '.' || letter.is_ascii_digit())
        .unwrap_or(after.len());
    let (unit, after) = after.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let per_unit = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, nanoseconds)| *nanoseconds)
        .ok_or_else(|| DurationError::UnknownUnit {
            unit: unit.to_owned(),
            text: text.to_owned(),
        })?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| invalid())?
    };
    let mut nanoseconds = whole
        .checked_mul(per_unit)
        .filter(|sum| *sum <= 1 << 63)
        .ok_or_else(invalid)?;
    // Digits beyond the nanosecond of an hour tell nothing: eighteen are more than enough.
    let fraction = &fraction[..fraction.len().min(18)];
    if let Ok(digits) = fraction.parse::<u64>() {
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(18));
        let share = u128::from(digits) * u128::from(per_unit) / scale;
        nanoseconds = nanoseconds.saturating_add(u64::try_from(share).unwrap_or(u64::MAX));
    }
    Ok((nanoseconds, after))
}

/// The digits that `text` begins with, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
