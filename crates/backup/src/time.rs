//! Times of Kubernetes' metadata: whole seconds in UTC, as RFC 3339.
//!
//! Source: `metav1.Time`. A field that may be absent is an `Option<Time>`; `creationTimestamp`,
//! which Go writes as `null` when it is not set, is one that is always written.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time. What is finer than a second is kept in memory and not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

impl Time {
    /// So many seconds after 1970 began; `None` outside the years that can be written.
    pub fn from_second(second: i64) -> Option<Self> {
        Timestamp::from_second(second).ok().map(Self)
    }

    /// This time and `duration` after it; the last or first time there is when that is beyond them.
    #[must_use]
    pub fn plus(self, duration: crate::duration::Duration) -> Self {
        let span = jiff::SignedDuration::from_nanos(duration.nanoseconds());
        Self(self.0.saturating_add(span).unwrap_or(self.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Time {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
