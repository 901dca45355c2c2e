//! Quotas: how many distinct bytes a project may hold, and how many it holds.
//!
//! Usage is exact: it changes in the transaction that adds or removes an artifact
//! (`usage.rs`), by the rows of `project_blobs`. A count of the artifacts' distinct
//! blobs gives the same figure: the tests compare after each step.

mod list;
mod message;
pub(crate) mod store;
mod update;
pub(crate) mod usage;

use seawall_database::Timestamp;
use seawall_ids::{ProjectId, QuotaId};

pub(crate) use update::validate_limit;

/// No limit, as Harbor writes it.
pub const UNLIMITED: i64 = -1;

/// The largest limit that can be set, in bytes: 1 PiB.
pub const MAX_STORAGE_LIMIT: i64 = 1 << 50;

/// The quota of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its identifier.
    pub id: QuotaId,
    /// The project that it holds for.
    pub project_id: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// The name of the project's owner.
    pub owner_name: String,
    /// Bytes allowed, -1 for no limit.
    pub storage_hard: i64,
    /// Bytes used.
    pub storage_used: i64,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When the limit or the usage last changed.
    pub update_time: Timestamp,
}
