//! Search results and statistics. Operations: `handlers/search.rs`, `handlers/statistics.rs`.

use serde::Serialize;

use super::project::Project;
use super::{is_false, is_zero};

/// Harbor's `Search`.
#[derive(Clone, Debug, Serialize)]
pub struct Search {
    /// Projects whose name holds the text.
    pub project: Vec<Project>,
    /// Repositories whose name holds the text.
    pub repository: Vec<SearchRepository>,
}

/// Harbor's `SearchRepository`.
#[derive(Clone, Debug, Serialize)]
pub struct SearchRepository {
    /// The project's id.
    pub project_id: i64,
    /// The project's name.
    pub project_name: String,
    /// Whether anyone may pull from it.
    #[serde(skip_serializing_if = "is_false")]
    pub project_public: bool,
    /// The full name, with the project's.
    pub repository_name: String,
    /// Number of pulls.
    #[serde(skip_serializing_if = "is_zero")]
    pub pull_count: i64,
    /// Number of artifacts.
    #[serde(skip_serializing_if = "is_zero")]
    pub artifact_count: i64,
}

/// Harbor's `Statistic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statistic {
    /// Private projects that the caller belongs to.
    pub private_project_count: i64,
    /// Their repositories.
    pub private_repo_count: i64,
    /// Public projects.
    pub public_project_count: i64,
    /// Their repositories.
    pub public_repo_count: i64,
    /// All projects; only for administrators.
    pub total_project_count: i64,
    /// All repositories; only for administrators.
    pub total_repo_count: i64,
    /// Distinct bytes of all blobs; only for administrators.
    pub total_storage_consumption: i64,
}
