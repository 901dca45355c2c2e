//! Repositories. Operations: `handlers/repositories.rs`.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

/// Harbor's `Repository`, as it is sent: only the description can be changed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RepositoryRequest {
    /// Markdown for people.
    pub description: Option<String>,
}

/// Harbor's `Repository`.
#[derive(Clone, Debug, Serialize)]
pub struct Repository {
    /// Its id.
    pub id: i64,
    /// Its project.
    pub project_id: i64,
    /// The full name, with the project's.
    pub name: String,
    /// Markdown for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Number of artifacts.
    pub artifact_count: i64,
    /// Number of pulls.
    pub pull_count: i64,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it was last pushed to or changed.
    pub update_time: Timestamp,
}
