//! A lenient view of a manifest: what the registry must know of it, whatever else it holds.
//!
//! The bytes themselves are kept exactly as pushed and never rendered from this
//! view. Sources: image-spec 1.1 `manifest.md`, `image-index.md`, `descriptor.md`;
//! Docker's image manifest version 2, schema 2.

mod parse;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// What a descriptor in a manifest points at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The content's media type; empty when the manifest names none.
    #[serde(default)]
    pub media_type: String,
    /// The content's digest.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// Other places that the content can be had from.
    #[serde(
        default,
        deserialize_with = "parse::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub urls: Vec<String>,
    /// Free-form notes.
    #[serde(
        default,
        deserialize_with = "parse::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// Which machine a child of an index is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What the content is, when it is an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor with nothing but type, digest and size.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            platform: None,
            artifact_type: None,
        }
    }

    /// What a manifest says of bytes in memory.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
    }
}

/// A machine that an image runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Platform {
    /// Such as `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// Such as `linux`.
    #[serde(default)]
    pub os: String,
    /// Such as `10.0.14393.1066`, on Windows.
    #[serde(
        default,
        rename = "os.version",
        skip_serializing_if = "String::is_empty"
    )]
    pub os_version: String,
    /// Such as `win32k`, on Windows.
    #[serde(
        default,
        rename = "os.features",
        deserialize_with = "parse::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    /// Such as `v8`, on ARM.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl fmt::Display for Platform {
    /// `linux/arm64`, `linux/arm/v7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

/// The two shapes of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestKind {
    /// A config and layers: an image or an artifact.
    Image,
    /// A list of manifests.
    Index,
}

/// Why bytes are not a manifest that the registry takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of a manifest's shape.
    #[error("the manifest is not valid: {0}")]
    Invalid(String),
    /// The header and the manifest's own field disagree.
    #[error(
        "Content-Type says {header}, but the manifest's mediaType says {field}: make them equal"
    )]
    MediaTypeMismatch {
        /// What the request's header said.
        header: String,
        /// What the manifest says.
        field: String,
    },
    /// Docker's schema 1, or a type that is no manifest at all.
    #[error("manifests of type {0} are not taken: push an OCI manifest or Docker schema 2")]
    Unsupported(String),
}

/// What the registry knows of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its shape.
    pub kind: ManifestKind,
    /// Its media type, from the header or its own field.
    pub media_type: String,
    /// What it says it is (`artifactType`), when it does.
    pub artifact_type: Option<String>,
    /// The config, on an image.
    pub config: Option<Descriptor>,
    /// The layers (or an artifact's blobs), on an image.
    pub layers: Vec<Descriptor>,
    /// The children, on an index.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    pub subject: Option<Descriptor>,
    /// Free-form notes.
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest. `content_type` is the request's header, if it had one.
    ///
    /// # Errors
    /// See [`ManifestError`]; hostile nesting is an error too, never a stack overflow.
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, ManifestError> {
        parse::parse(content_type, bytes)
    }

    /// The type by which referrers are filtered: `artifactType`, else the config's media type
    /// (distribution-spec 1.1 § Listing referrers).
    pub fn effective_artifact_type(&self) -> Option<&str> {
        self.artifact_type
            .as_deref()
            .filter(|artifact_type| !artifact_type.is_empty())
            .or_else(|| {
                self.config
                    .as_ref()
                    .map(|config| config.media_type.as_str())
            })
    }

    /// The blobs that must be in the registry for this manifest to be whole: the config and all
    /// layers but those that may lie elsewhere.
    pub fn required_blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(
            self.layers
                .iter()
                .filter(|layer| !crate::media_type::is_nondistributable(&layer.media_type)),
        )
    }

    /// The child for a client that knows no lists: linux/amd64, as distribution 2.x chooses.
    pub fn default_platform(&self) -> Option<&Descriptor> {
        self.manifests.iter().find(|child| {
            child
                .platform
                .as_ref()
                .is_some_and(|platform| platform.os == "linux" && platform.architecture == "amd64")
        })
    }
}
