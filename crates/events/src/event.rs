//! What happened, for those who follow up on it: webhooks, replication, scans.

use seawall_ids::{ArtifactId, ProjectId, RepositoryId};
use serde::{Deserialize, Serialize};

/// Something that happened, one row of the outbox. The JSON of it is read by later releases too:
/// fields are added, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A manifest was pushed that was not there, or a tag was moved to it.
    ManifestPushed(ManifestEvent),
    /// An artifact was deleted.
    ArtifactDeleted(ManifestEvent),
    /// A tag was made or moved other than by a push.
    TagCreated(ManifestEvent),
    /// A tag was deleted.
    TagDeleted(ManifestEvent),
    /// A repository was deleted.
    RepositoryDeleted(RepositoryEvent),
    /// A project was made.
    ProjectCreated(ProjectEvent),
    /// A project was deleted.
    ProjectDeleted(ProjectEvent),
    /// A push was refused since the project's quota does not allow it. Written with the line of the refused attempt.
    QuotaExceeded(ProjectEvent),
}

/// What happened to a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEvent {
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its name, with the project's.
    pub repository_name: String,
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// The digest of its manifest.
    pub digest: String,
    /// The media type of its manifest.
    pub media_type: String,
    /// The tags concerned.
    pub tags: Vec<String>,
    /// Who.
    pub operator: String,
}

/// What happened to a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryEvent {
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its name, with the project's.
    pub repository_name: String,
    /// Who.
    pub operator: String,
}

/// What happened to a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectEvent {
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// Who.
    pub operator: String,
    /// A sentence for people, empty where there is nothing to say.
    #[serde(default)]
    pub details: String,
}
