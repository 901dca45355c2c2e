//! The JSON documents of an image: config, manifest, index. Fields stand in the order of the
//! image-spec's examples and maps in the order of their keys, so that equal values are equal bytes.
//!
//! For reading what others wrote, see `manifest/`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use crate::{Descriptor, Digest, media_type};

/// The bytes of a document: compact JSON without a final newline.
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    // These types have neither maps with keys that are no strings nor numbers that are not finite.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Go's set of names: an object whose values are empty objects.
fn names<S: Serializer>(names: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(names.iter().map(|name| (name, Empty {})))
}

/// An image's config (image-spec 1.1, `config.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// When it says it was made.
    pub created: String,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Such as `amd64`.
    pub architecture: String,
    /// Such as `v8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Such as `linux`.
    pub os: String,
    /// What a container of it runs.
    pub config: Execution,
    /// The layers' archives before they were packed.
    pub rootfs: RootFs,
    /// One entry for each layer, in their order, and some for what made none.
    pub history: Vec<History>,
}

/// What a container runs, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Execution {
    /// `uid:gid`, in numbers, so that a kubelet can tell that it is not root.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `8080/tcp`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", serialize_with = "names")]
    pub exposed_ports: BTreeSet<String>,
    /// `NAME=value`, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// What is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// With which arguments, unless others are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Folders for data.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", serialize_with = "names")]
    pub volumes: BTreeSet<String>,
    /// Where it starts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Free-form notes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The signal that asks it to stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
}

/// `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Empty {}

/// The layers before they were packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The lowest first.
    pub diff_ids: Vec<Digest>,
}

/// How a layer came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct History {
    /// When it says it was made.
    pub created: String,
    /// By what.
    pub created_by: String,
    /// More, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether it made no layer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// An image manifest (image-spec 1.1, `manifest.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    schema_version: u32,
    media_type: &'static str,
    /// What it is, when it is no image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The config.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form notes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl ImageManifest {
    /// A manifest of a config and layers.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST,
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }
}

/// An image index (image-spec 1.1, `image-index.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    schema_version: u32,
    media_type: &'static str,
    /// The manifests.
    pub manifests: Vec<Descriptor>,
    /// Free-form notes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    /// An index of manifests: by system, machine and variant, those for no machine last.
    pub fn new(mut manifests: Vec<Descriptor>) -> Self {
        manifests.sort_by_cached_key(|manifest| {
            let platform = manifest.platform.clone().unwrap_or_default();
            let unknown = platform.os == "unknown" || platform.os.is_empty();
            (
                unknown,
                platform.os,
                platform.architecture,
                platform.variant,
            )
        });
        Self {
            schema_version: 2,
            media_type: media_type::OCI_INDEX,
            manifests,
            annotations: BTreeMap::new(),
        }
    }
}
