//! Tags: names that point to an artifact of a repository and may move.

mod create;
mod delete;
mod list;
pub(crate) mod store;

use seawall_database::Timestamp;
use seawall_ids::{ArtifactId, RepositoryId, TagId};

/// A tag of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its identifier.
    pub id: TagId,
    /// The repository that it is in.
    pub repository_id: RepositoryId,
    /// The artifact it points to.
    pub artifact_id: ArtifactId,
    /// Its name.
    pub name: String,
    /// When it was last pushed.
    pub push_time: Timestamp,
    /// When it was last pulled; zero for never.
    pub pull_time: Timestamp,
    /// Whether a rule keeps it from being moved or deleted.
    pub immutable: bool,
}
