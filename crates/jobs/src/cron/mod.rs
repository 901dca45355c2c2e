//! Cron expressions of six fields (second, minute, hour, day of month, month, day of week), in
//! UTC, with the grammar of robfig/cron v3 as Harbor uses it: no `@` descriptors, no time zones.
//!
//! What text is an expression: `parse`. When it fires: `next`.

mod next;
mod parse;

use std::fmt;
use std::str::FromStr;

use seawall_database::Timestamp;

/// The longest expression, in bytes. Harbor's column has room for 64.
const LONGEST: usize = 256;

/// A cron expression that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    fields: Fields,
}

/// Text that is no cron expression, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cron expression of six fields (second minute hour day month weekday): {0}")]
pub struct InvalidCron(String);

/// A bit for each value at which a field fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the day of the month or the day of the week is left open: then the other one alone
    /// decides, else a day needs to match only one of the two.
    any_day: bool,
}

impl Cron {
    /// The first moment after `after` at which it fires, in whole seconds; none if that is not in
    /// the year of `after` or one of the five that follow.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        next::next(&self.fields, after)
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        if text.len() > LONGEST {
            return Err(InvalidCron(format!("it has more than {LONGEST} bytes")));
        }
        Ok(Self {
            text: text.to_owned(),
            fields: parse::fields(text)?,
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({:?})", self.text)
    }
}
