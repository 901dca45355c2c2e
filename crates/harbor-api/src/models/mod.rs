//! The JSON of requests and answers, one file for each noun, in Harbor's names and order of omission.
//!
//! Harbor leaves a zero value out unless its schema says otherwise (`x-omitempty: false`); so do these types, by the
//! predicates below. A time is never left out: an unset one reads `0001-01-01T00:00:00.000Z`. In requests an absent
//! field and `null` are the same, and unknown fields are ignored. No behaviour lives here.

pub mod artifact;
pub mod audit_log;
pub mod job;
pub mod member;
mod present;
pub mod project;
pub mod quota;
pub mod repository;
pub mod robot;
pub mod search;
pub mod system;
pub mod user;

/// For `skip_serializing_if`: zero is left out.
// Serde hands references.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// For `skip_serializing_if`: no is left out.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_false(flag: &bool) -> bool {
    !*flag
}
