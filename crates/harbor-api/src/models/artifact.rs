//! Artifacts, tags and accessories. Operations: `handlers/artifacts.rs`, `handlers/tags.rs`.

use std::collections::BTreeMap;

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_zero;

/// Harbor's `Artifact`.
#[derive(Clone, Debug, Serialize)]
pub struct Artifact {
    /// Its id.
    pub id: i64,
    /// `IMAGE`, `CHART`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Media type of the config, or of the manifest where there is none.
    pub media_type: String,
    /// Media type of the manifest.
    pub manifest_media_type: String,
    /// `artifactType` of the manifest, else the config's media type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub artifact_type: String,
    /// Its project.
    pub project_id: i64,
    /// Its repository.
    pub repository_id: i64,
    /// The repository's full name.
    pub repository_name: String,
    /// The manifest's digest.
    pub digest: String,
    /// Bytes.
    #[serde(skip_serializing_if = "is_zero")]
    pub size: i64,
    /// Digest of its icon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// When it was last pushed.
    pub push_time: Timestamp,
    /// When it was last pulled.
    pub pull_time: Timestamp,
    /// Facts of its config.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra_attrs: serde_json::Map<String, serde_json::Value>,
    /// Annotations of its manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Children of an index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Where its additions are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub addition_links: BTreeMap<&'static str, AdditionLink>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accessories: Vec<Accessory>,
}

/// Harbor's `Reference`: a child of an index.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// The index.
    pub parent_id: i64,
    /// The child.
    #[serde(skip_serializing_if = "is_zero")]
    pub child_id: i64,
    /// The child's digest.
    pub child_digest: String,
    /// What the child is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Annotations of the entry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Where else the child is to be had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// Harbor's `Platform`.
#[derive(Clone, Debug, Serialize)]
pub struct Platform {
    /// For example `amd64`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// For example `linux`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os: String,
    /// The least version of the system.
    #[serde(rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// What the system must have.
    #[serde(rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// For example `v8`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

/// Harbor's `Tag`.
#[derive(Clone, Debug, Serialize)]
pub struct Tag {
    /// Its id.
    pub id: i64,
    /// Its repository.
    pub repository_id: i64,
    /// The artifact it points to.
    pub artifact_id: i64,
    /// Its name.
    pub name: String,
    /// When it was last pushed.
    pub push_time: Timestamp,
    /// When it was last pulled.
    pub pull_time: Timestamp,
    /// Whether a rule keeps it.
    pub immutable: bool,
}

/// Harbor's `Tag`, as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TagRequest {
    /// The name.
    pub name: Option<String>,
}

/// Harbor's `AdditionLink`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdditionLink {
    /// Where it is.
    pub href: String,
    /// Whether that is a whole address.
    pub absolute: bool,
}

/// Harbor's `Accessory`.
#[derive(Clone, Debug, Serialize)]
pub struct Accessory {
    /// Its id.
    pub id: i64,
    /// Its artifact.
    pub artifact_id: i64,
    /// The artifact that it is attached to.
    #[serde(skip_serializing_if = "is_zero")]
    pub subject_artifact_id: i64,
    /// The digest of that.
    pub subject_artifact_digest: String,
    /// The repository of that.
    pub subject_artifact_repo: String,
    /// Bytes.
    pub size: i64,
    /// Its digest.
    pub digest: String,
    /// For example `signature.cosign`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digest of its icon.
    pub icon: String,
    /// When it was pushed.
    pub creation_time: Timestamp,
}

/// Harbor's `ScanType`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ScanRequest {
    /// `vulnerability`, which is the default, or `sbom`.
    pub scan_type: Option<String>,
}

/// Where an artifact's additions are, by name.
pub(crate) fn addition_links(
    artifact: &seawall_registry::Artifact,
) -> BTreeMap<&'static str, AdditionLink> {
    let name = artifact.repository_name.as_str();
    let (project, within) = name.split_once('/').unwrap_or((name, ""));
    let base = format!(
        "/api/v2.0/projects/{project}/repositories/{}/artifacts/{}/additions",
        crate::names::escaped_twice(within),
        artifact.digest
    );
    let link = |addition: &seawall_registry::Addition| {
        let name = addition.as_str();
        let href = format!("{base}/{name}");
        (
            name,
            AdditionLink {
                href,
                absolute: false,
            },
        )
    };
    artifact.additions.iter().map(link).collect()
}
