//! The log of a backup or a restore: lines as logrus writes them, and what their errors amount to.
//!
//! How many errors a backup has is how many lines of its log are errors, so lines are counted where
//! they are made. Source: logrus 1.9.4, Velero 1.18.3 `pkg/util/logging`.

mod line;
mod quote;
mod tally;

pub use line::{Format, Level, Line};
pub use tally::Tally;
