//! What lies in a bucket: names of keys and formats of files. It does not talk to any bucket.
//!
//! Start with [`Layout`] for the keys; [`document`] reads and writes the compressed JSON files; each
//! other file here is one of them. The archive of items is [`crate::archive`], the log is
//! [`crate::log`]. Source: Velero 1.18.3 `pkg/persistence`.

mod layout;
mod results;

pub mod document;
pub mod operation;
pub mod snapshot;
pub mod volume;

use std::collections::BTreeMap;

pub use layout::{BackupFile, Layout, RestoreFile, Top, UnknownFile};
pub use results::{Results, ResultsFile};

/// What a backup holds, or what a restore did: `NAME-resource-list.json.gz`. From group, version and
/// kind (`apps/v1/Deployment`) to sorted names (`namespace/name`, or the name alone for objects of the
/// cluster; in a restore with what was done behind it, `ns/name(created)`).
pub type ResourceList = BTreeMap<String, Vec<String>>;
