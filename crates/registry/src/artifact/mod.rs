//! Artifacts: what a manifest is within a repository, with the facts that people ask for.
//!
//! The manifest's bytes are in `manifest`, tags in `tag`. Operations are in the
//! files beside this one, SQL in `store.rs`.

mod accessories;
pub(crate) mod accessory_kind;
pub mod addition;
mod copy;
pub(crate) mod delete;
mod icon;
pub(crate) mod index_size;
mod kind;
mod list;
pub(crate) mod listed;
pub(crate) mod parts;
pub(crate) mod store;

use std::collections::BTreeMap;

use seawall_database::Timestamp;
use seawall_ids::{ArtifactId, ProjectId, RepositoryId};
use seawall_oci::{Digest, Platform};

pub use addition::{Addition, AdditionContent};
pub use kind::ArtifactType;

use crate::Tag;

/// An artifact as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its identifier.
    pub id: ArtifactId,
    /// The project that holds it.
    pub project_id: ProjectId,
    /// The repository that holds it.
    pub repository_id: RepositoryId,
    /// The repository's full name.
    pub repository_name: String,
    /// The manifest's digest.
    pub digest: Digest,
    /// Harbor's type: `IMAGE`, `CHART`, … or `UNKNOWN`.
    pub kind: ArtifactType,
    /// The media type of the config, or the manifest's own where there is none.
    pub media_type: String,
    /// The manifest's media type.
    pub manifest_media_type: String,
    /// `artifactType` of the manifest, else the config's media type.
    pub artifact_type: String,
    /// Bytes of the manifest, config and layers; of an index with those of its children.
    pub size: i64,
    /// Digest of the icon that portals show; empty for none.
    pub icon: String,
    /// When it was last pushed.
    pub push_time: Timestamp,
    /// When it was last pulled; zero for never.
    pub pull_time: Timestamp,
    /// Facts of the config: architecture, os, created, author, config, … as Harbor names them.
    pub extra_attrs: serde_json::Map<String, serde_json::Value>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
    /// How many tags point to it, whether they were asked for or not.
    pub tag_count: i64,
    /// Children of an index.
    pub references: Vec<ArtifactReference>,
    /// Tags, if asked for.
    pub tags: Vec<Tag>,
    /// Accessories, if asked for.
    pub accessories: Vec<Accessory>,
    /// Additions that this artifact's type offers.
    pub additions: Vec<Addition>,
}

impl Artifact {
    /// Whether it may be a list of others: known types tell, of unknown ones nobody knows.
    pub(crate) fn may_have_children(&self) -> bool {
        use seawall_oci::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};
        !matches!(
            self.manifest_media_type.as_str(),
            OCI_MANIFEST | DOCKER_MANIFEST
        )
    }
}

/// A child of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactReference {
    /// The index.
    pub parent_id: ArtifactId,
    /// The child; absent while it is not in the repository.
    pub child_id: Option<ArtifactId>,
    /// The child's digest.
    pub child_digest: Digest,
    /// Which platform the child is for.
    pub platform: Option<Platform>,
    /// Annotations of the index's entry.
    pub annotations: BTreeMap<String, String>,
    /// Where else the child is to be had.
    pub urls: Vec<String>,
}

/// An artifact attached to another: a signature, an SBOM, anything with a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accessory {
    /// Its identifier: that of its artifact.
    pub id: i64,
    /// The accessory's own artifact.
    pub artifact_id: ArtifactId,
    /// The artifact it is attached to; absent while that is not in the repository.
    pub subject_artifact_id: Option<ArtifactId>,
    /// The digest of what it is attached to.
    pub subject_artifact_digest: Digest,
    /// The repository's full name.
    pub subject_artifact_repository: String,
    /// Bytes.
    pub size: i64,
    /// The accessory's digest.
    pub digest: Digest,
    /// Harbor's type, such as `signature.cosign` or `subject.accessory`.
    pub kind: String,
    /// Digest of the icon that portals show.
    pub icon: String,
    /// When it was pushed.
    pub creation_time: Timestamp,
}

/// What a list of artifacts carries beside the artifacts themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactDetails {
    /// Fill `tags`.
    pub with_tag: bool,
    /// Fill `accessories`.
    pub with_accessory: bool,
}

impl Default for ArtifactDetails {
    fn default() -> Self {
        Self {
            with_tag: true,
            with_accessory: false,
        }
    }
}

/// Whether manifests of a type are lists of others.
pub(crate) fn is_index_type(media_type: &str) -> bool {
    matches!(
        media_type,
        seawall_oci::media_type::OCI_INDEX | seawall_oci::media_type::DOCKER_MANIFEST_LIST
    )
}

pub(crate) use icon::of as icon_of;

pub(crate) fn statements() -> Vec<&'static str> {
    [store::STATEMENTS, parts::STATEMENTS, listed::STATEMENTS].concat()
}
pub(crate) use list::find;
