//! Repositories: named collections of artifacts within a project.
//!
//! A repository comes into being with the first upload into it and is listed
//! ("published") once a manifest was there. Blobs linked to it are in `blob`.

mod delete;
mod hold;
mod list;
mod resolve;
pub(crate) mod store;
mod update;

pub(crate) use hold::hold;
use seawall_database::Timestamp;
use seawall_ids::{ProjectId, RepositoryId};

/// A repository as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its identifier.
    pub id: RepositoryId,
    /// The project that holds it.
    pub project_id: ProjectId,
    /// The full name, with the project's.
    pub name: String,
    /// Markdown for people.
    pub description: String,
    /// Number of artifacts that a list shows by default.
    pub artifact_count: i64,
    /// Number of pulls.
    pub pull_count: i64,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it was last pushed to or changed.
    pub update_time: Timestamp,
}
