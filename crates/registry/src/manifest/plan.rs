//! What a push means, worked out before its transaction: pure, from the manifest's bytes.

use std::collections::BTreeSet;

use bytes::Bytes;
use seawall_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, ManifestKind, Reference, Tag};
use serde_json::{Map, Value};

use crate::artifact::accessory_kind::AccessoryOf;
use crate::{ArtifactType, RegistryError};

/// Tags that one push may set.
const MAX_TAGS: usize = 100;

/// The layer annotation by which a user-defined artifact brings its icon.
const ICON_ANNOTATION: &str = "io.goharbor.artifact.v1alpha1.icon";

/// A push, understood.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) digest: Digest,
    pub(crate) bytes: Bytes,
    pub(crate) manifest: Manifest,
    pub(crate) kind: ArtifactType,
    /// Tags to set, each once.
    pub(crate) tags: Vec<Tag>,
    pub(crate) accessory: Option<AccessoryOf>,
    /// Blobs that must be in the repository, each once.
    pub(crate) blobs: Vec<Descriptor>,
    /// Children of an index, each once.
    pub(crate) children: Vec<Digest>,
    /// Facts of the config, filled in when it has been read.
    pub(crate) extra_attrs: Map<String, Value>,
}

impl Plan {
    /// Understands a push.
    ///
    /// # Errors
    /// `TooLarge`, `DigestInvalid` when the bytes have another digest than the reference says,
    /// `ManifestInvalid`, `BadRequest` for too many tags, `SizeInvalid` for a blob with two sizes.
    pub(crate) fn new(
        reference: &Reference,
        content_type: Option<&str>,
        bytes: Bytes,
        more_tags: &[Tag],
    ) -> Result<Self, RegistryError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(RegistryError::TooLarge {
                limit: MAX_MANIFEST_BYTES,
            });
        }
        let digest = match reference {
            Reference::Tag(_) => Digest::sha256(&bytes),
            Reference::Digest(given) => check(given, &bytes)?,
        };
        let tags: BTreeSet<&Tag> = reference.tag().into_iter().chain(more_tags).collect();
        if tags.len() > MAX_TAGS {
            return Err(RegistryError::BadRequest(format!(
                "a push may set at most {MAX_TAGS} tags"
            )));
        }
        let manifest = Manifest::parse(content_type, &bytes)?;
        let blobs = distinct_blobs(&manifest)?;
        let children: BTreeSet<&Digest> = manifest
            .manifests
            .iter()
            .map(|child| &child.digest)
            .collect();
        Ok(Self {
            kind: ArtifactType::of(&manifest),
            accessory: AccessoryOf::of(&manifest, tags.iter().copied()),
            tags: tags.into_iter().cloned().collect(),
            children: children.into_iter().cloned().collect(),
            extra_attrs: Map::new(),
            digest,
            bytes,
            blobs,
            manifest,
        })
    }

    /// Whether the manifest is a list of others.
    pub(crate) fn is_index(&self) -> bool {
        self.manifest.kind == ManifestKind::Index
    }

    /// Harbor's `media_type`: the config's, or the manifest's own where there is no config.
    pub(crate) fn media_type(&self) -> &str {
        match &self.manifest.config {
            Some(config) if !config.media_type.is_empty() => &config.media_type,
            _ => &self.manifest.media_type,
        }
    }

    /// Harbor's `artifact_type`.
    pub(crate) fn artifact_type(&self) -> &str {
        self.manifest.effective_artifact_type().unwrap_or_default()
    }

    /// Bytes of the manifest, its config and all its layers, wherever they lie.
    pub(crate) fn size(&self) -> i64 {
        let parts = self.manifest.config.iter().chain(&self.manifest.layers);
        let total = parts.fold(self.bytes.len() as u64, |sum, part| {
            sum.saturating_add(part.size)
        });
        i64::try_from(total).unwrap_or(i64::MAX)
    }

    /// The digest of the artifact's icon.
    pub(crate) fn icon(&self) -> String {
        let own = self
            .manifest
            .layers
            .iter()
            .find(|layer| layer.annotations.contains_key(ICON_ANNOTATION));
        own.map_or_else(
            || crate::artifact::icon_of(&self.kind).to_owned(),
            |layer| layer.digest.to_string(),
        )
    }
}

fn check(given: &Digest, bytes: &[u8]) -> Result<Digest, RegistryError> {
    let actual = Digest::of(given.algorithm(), bytes);
    if actual == *given {
        return Ok(actual);
    }
    Err(RegistryError::DigestInvalid(format!(
        "the manifest has digest {actual}, not {given}"
    )))
}

/// The blobs that must be there, each once, in the order of digests.
fn distinct_blobs(manifest: &Manifest) -> Result<Vec<Descriptor>, RegistryError> {
    let mut blobs: Vec<Descriptor> = manifest.required_blobs().cloned().collect();
    blobs.sort_unstable_by(|one, other| one.digest.cmp(&other.digest));
    if let Some(pair) = blobs
        .windows(2)
        .find(|pair| pair[0].digest == pair[1].digest && pair[0].size != pair[1].size)
    {
        return Err(RegistryError::SizeInvalid(format!(
            "the manifest gives two sizes for {}",
            pair[0].digest
        )));
    }
    blobs.dedup_by(|one, other| one.digest == other.digest);
    Ok(blobs)
}
