//! Durations as Go reads and writes them.

use seawall_backup::duration::{Duration, DurationError};

#[test]
fn durations_are_written_in_hours_minutes_and_seconds() {
    for (nanoseconds, text) in [
        (0, "0s"),
        (1, "1ns"),
        (999, "999ns"),
        (1_100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (59_999_999_999, "59.999999999s"),
        (60_000_000_000, "1m0s"),
        (245_000_000_000, "4m5s"),
        (245_001_000_000, "4m5.001s"),
        (18_367_001_000_000, "5h6m7.001s"),
        (480_000_000_001, "8m0.000000001s"),
        (2_592_000_000_000_000, "720h0m0s"),
        (i64::MAX, "2562047h47m16.854775807s"),
        (i64::MIN, "-2562047h47m16.854775808s"),
        (-1_500_000_000, "-1.5s"),
    ] {
        let duration = Duration::from_nanoseconds(nanoseconds);
        assert_eq!(duration.to_string(), text);
        assert_eq!(text.parse(), Ok(duration), "{text}");
    }
}

#[test]
fn every_form_that_go_reads_is_read() {
    for (text, nanoseconds) in [
        ("0", 0),
        ("-0", 0),
        ("+5s", 5_000_000_000),
        ("5.0s", 5_000_000_000),
        ("5.s", 5_000_000_000),
        (".5s", 500_000_000),
        ("1.000000000000000000001s", 1_000_000_000),
        ("10us", 10_000),
        ("10μs", 10_000),
        ("3h30m", 12_600_000_000_000),
        ("10.5s4m", 250_500_000_000),
        ("-2m3.4s", -123_400_000_000),
        ("0.3333333333333333333h", 1_200_000_000_000),
        ("9223372036854775.807us", i64::MAX),
        ("-9223372036854775808ns", i64::MIN),
    ] {
        let read: Duration = text.parse().unwrap();
        let off = read.nanoseconds().abs_diff(nanoseconds);
        assert!(
            off <= u64::from(text.starts_with("0.333")),
            "{text}: {read}"
        );
    }
}

#[test]
fn what_go_refuses_is_refused_with_its_words() {
    let words = |text: &str| text.parse::<Duration>().unwrap_err().to_string();
    assert_eq!(words(""), "time: invalid duration \"\"");
    assert_eq!(words("3"), "time: missing unit in duration \"3\"");
    assert_eq!(words("-"), "time: invalid duration \"-\"");
    assert_eq!(words("s"), "time: invalid duration \"s\"");
    assert_eq!(words(".s"), "time: invalid duration \".s\"");
    assert_eq!(words("1d"), "time: unknown unit \"d\" in duration \"1d\"");
    assert_eq!(
        words("1h x"),
        "time: unknown unit \"h x\" in duration \"1h x\""
    );
    for text in [
        "9223372036854775808ns",
        "2562048h",
        "-9223372036854775809ns",
        "99999999999999999999h",
    ] {
        assert_eq!(
            text.parse::<Duration>(),
            Err(DurationError::Invalid(text.to_owned()))
        );
    }
}

#[test]
fn in_json_they_are_texts() {
    let hour = Duration::from_hours(1);
    assert_eq!(serde_json::to_string(&hour).unwrap(), "\"1h0m0s\"");
    assert_eq!(serde_json::from_str::<Duration>("\"60m\"").unwrap(), hour);
    assert!(serde_json::from_str::<Duration>("3600").is_err());
    assert_eq!(hour.to_std(), Some(std::time::Duration::from_hours(1)));
    assert_eq!(Duration::from_seconds(-1).to_std(), None);
    assert!(Duration::ZERO.is_zero());
}
