//! A moment, as the database keeps it and as Harbor's API prints it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Microseconds since 1970-01-01T00:00:00Z. Zero stands for "never" and prints as
/// `0001-01-01T00:00:00.000Z`, as Harbor prints a time that is not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time that is not set.
    pub const NEVER: Self = Self(0);

    /// The present moment.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Whether the time is not set.
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// Seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// A moment given in seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// This moment and `duration`.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This moment less `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-08-21T10:00:00.000Z`.
    pub fn to_rfc3339_millis(self) -> String {
        if self.is_never() {
            return "0001-01-01T00:00:00.000Z".to_owned();
        }
        // Years before -9999 and after 9999 do not occur; they print as the nearest that does.
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// Reads RFC 3339, in any zone and with any fraction.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        if text == "0001-01-01T00:00:00.000Z" {
            return Some(Self::NEVER);
        }
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_microsecond()))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(micros(after)),
            Err(before) => Self(-micros(before.duration())),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339_millis())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339_millis())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_milliseconds_and_z() {
        let time = Timestamp(1_787_306_400_123_456);
        assert_eq!(time.to_rfc3339_millis(), "2026-08-21T10:00:00.123Z");
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            "\"2026-08-21T10:00:00.123Z\""
        );
        assert_eq!(
            Timestamp::parse_rfc3339("2026-08-21T12:00:00.123456+02:00"),
            Some(time)
        );
    }

    #[test]
    fn a_time_that_is_not_set_prints_as_harbor_prints_it() {
        assert_eq!(Timestamp::NEVER.to_string(), "0001-01-01T00:00:00.000Z");
        let read: Timestamp = serde_json::from_str("\"0001-01-01T00:00:00.000Z\"").unwrap();
        assert_eq!(read, Timestamp::NEVER);
    }

    #[test]
    fn times_far_away_do_not_panic() {
        assert!(Timestamp(i64::MAX).to_string().ends_with('Z'));
        assert!(Timestamp(i64::MIN).to_string().ends_with('Z'));
        assert_eq!(Timestamp(i64::MAX).plus(Duration::MAX), Timestamp(i64::MAX));
    }
}
