//! The moment that an image says it was made at: `SOURCE_DATE_EPOCH`, never the clock.
//! <https://reproducible-builds.org/specs/source-date-epoch/>

use std::str::FromStr;

use jiff::Timestamp;

/// The last second that jiff knows, two days before the end of the year 9999.
const LAST: u64 = 253_402_207_200;

/// Seconds since 1970; the default is 1970 itself. No time in an image is later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u64);

/// A text that is no number of seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number of seconds since 1970 (SOURCE_DATE_EPOCH), such as 1767225600")]
pub struct EpochError(String);

impl Epoch {
    /// From seconds since 1970; later than the year 9999 becomes its last day but one.
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.min(LAST))
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// The earlier of the two, in seconds.
    pub fn clamp(self, seconds: u64) -> u64 {
        seconds.min(self.0)
    }

    /// As RFC 3339 writes it, in UTC and whole seconds: `1970-01-01T00:00:00Z`.
    pub fn rfc3339(self) -> String {
        i64::try_from(self.0)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_string()
    }
}

impl FromStr for Epoch {
    type Err = EpochError;

    fn from_str(text: &str) -> Result<Self, EpochError> {
        let seconds: u64 = text
            .trim()
            .parse()
            .map_err(|_| EpochError(text.to_owned()))?;
        if seconds > LAST {
            return Err(EpochError(text.to_owned()));
        }
        Ok(Self(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(Epoch::default().rfc3339(), "1970-01-01T00:00:00Z");
        let new_year: Epoch = "1767225600".parse().unwrap();
        assert_eq!(new_year.rfc3339(), "2026-01-01T00:00:00Z");
        assert_eq!(new_year.clamp(u64::MAX), 1_767_225_600);
        assert_eq!(
            Epoch::from_seconds(u64::MAX).rfc3339(),
            "9999-12-30T22:00:00Z"
        );
        for text in ["", "-1", "now", "253402300800"] {
            assert!(text.parse::<Epoch>().is_err(), "{text}");
        }
    }
}
