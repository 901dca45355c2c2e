//! Times as Kubernetes' metadata holds them.

use seawall_backup::duration::Duration;
use seawall_backup::time::Time;

#[test]
fn times_are_whole_seconds_in_utc() {
    for (read, written) in [
        ("2026-05-20T10:11:12Z", "2026-05-20T10:11:12Z"),
        ("2026-05-20T10:11:12.987654Z", "2026-05-20T10:11:12Z"),
        ("2026-05-20T12:11:12+02:00", "2026-05-20T10:11:12Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        let time: Time = serde_json::from_str(&format!("{read:?}")).unwrap();
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            format!("{written:?}")
        );
    }
    for text in ["\"\"", "\"yesterday\"", "12"] {
        assert!(serde_json::from_str::<Time>(text).is_err(), "{text}");
    }
}

#[test]
fn a_duration_later_is_later() {
    let time = Time::from_second(0).unwrap();
    assert_eq!(
        time.plus(Duration::from_hours(720)).to_string(),
        "1970-01-31T00:00:00Z"
    );
    assert_eq!(
        time.plus(Duration::from_seconds(-1)).to_string(),
        "1969-12-31T23:59:59Z"
    );
}
