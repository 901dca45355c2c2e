//! What "hardened" means, check by check: a catalogue that is walked over an opened image, reports
//! of what was found, waivers, and what differs between two images.
//!
//! A check is a row of a table (`check.rs`, `checks/`); what checks look at is gathered once
//! (`subject.rs`, `facts/`). Programs are known by what is in them, not by their names. Nothing
//! here opens an image, asks anybody, or looks at the clock: `seawall-image-source` opens, the
//! caller says when it is.

pub mod check;
mod checks;
pub mod diff;
pub mod facts;
mod format;
mod report;
pub mod subject;
mod waiver;

pub use check::{Check, Found, Profile, Severity};
pub use checks::catalogue;
pub use format::{attestation, json, junit, sarif, table};
pub use report::{Finding, Report};
pub use subject::{Inquiry, Subject};
pub use waiver::{Waiver, WaiverError, Waivers};
