//! Manifests: bytes exactly as pushed, and the one transaction that takes them in.
//!
//! `push.rs` tells the whole story of a push, `get.rs` that of a pull. What a manifest
//! means for people is in `artifact`.

mod delete;
pub(crate) mod facts;
mod get;
mod head;
pub(crate) mod plan;
mod push;
pub(crate) mod store;

use std::sync::Arc;

use bytes::Bytes;
use seawall_ids::{ArtifactId, ProjectId, RepositoryId, TagId};
use seawall_oci::{Digest, ManifestKind};

pub use get::{default_platform, needs_schema2};

/// What a push of a manifest answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The manifest's digest, by the algorithm that the caller used.
    pub digest: Digest,
    /// The subject it names (`OCI-Subject`).
    pub subject: Option<Digest>,
    /// Whether anything changed: false for a repetition of the same push.
    pub changed: bool,
}

/// A manifest as it is served. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StoredManifest {
    /// Its digest.
    pub digest: Digest,
    /// The media type that it was pushed with.
    pub media_type: Arc<str>,
    /// The bytes, exactly as pushed.
    pub bytes: Bytes,
    /// Its shape.
    pub kind: ManifestKind,
    /// Its artifact.
    pub artifact_id: ArtifactId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Its project.
    pub project_id: ProjectId,
    /// The tag that it was asked for by.
    pub tag_id: Option<TagId>,
}
