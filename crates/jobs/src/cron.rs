//! Cron expressions of six fields (second, minute, hour, day of month, month, day of week), in
//! UTC, with the grammar of robfig/cron v3. No `@` descriptors, no time zones.

use std::fmt;
use std::str::FromStr;

use seawall_database::Timestamp;

/// A cron expression that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
}

/// Text that is no cron expression, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cron expression of six fields: {0}")]
pub struct InvalidCron(String);

impl Cron {
    /// The first moment after `after` at which it fires, in whole seconds; none if it does not fire
    /// within the next five years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let _ = after;
        todo!()
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        Ok(Self {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
