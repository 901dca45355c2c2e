//! An image that was opened: what describes it, its layers, and what they make together.

use std::collections::BTreeMap;

use bytes::Bytes;
use seawall_oci::{Descriptor, Digest, Manifest, Platform};

use crate::apply::{Room, apply};
use crate::config::Config;
use crate::irregularity::Irregularity;
use crate::slice::Slice;
use crate::tree::Tree;
use crate::unpack::{Packing, unpack};
use crate::{Limits, SourceError};

/// A manifest or an index.
#[derive(Clone, Debug)]
pub struct Document {
    /// Of its bytes.
    pub digest: Digest,
    /// As they are.
    pub bytes: Bytes,
    /// As they are understood.
    pub manifest: Manifest,
}

impl Document {
    pub(crate) fn read(media_type: Option<&str>, bytes: Bytes) -> Result<Self, SourceError> {
        let manifest = Manifest::parse(media_type.filter(|text| !text.is_empty()), &bytes)
            .map_err(|error| SourceError::Malformed(error.to_string()))?;
        Ok(Self {
            digest: Digest::sha256(&bytes),
            bytes,
            manifest,
        })
    }
}

/// Something that says something about an image: a signature, an SBOM, provenance.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// How it is known to be about the image.
    pub carrier: Carrier,
    /// Its manifest.
    pub document: Document,
    /// Its layers' bytes, in their order.
    pub blobs: Vec<(Descriptor, Bytes)>,
}

/// How something is known to be about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// By its `subject` (OCI 1.1).
    Subject,
    /// By its tag, `sha256-….sig`, as cosign has it.
    CosignTag,
    /// By annotations in the image's index, as BuildKit has it.
    Attestation,
}

/// A layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What the manifest says of it; a docker archive has none.
    pub descriptor: Option<Descriptor>,
    /// The digest of its content, computed.
    pub diff_id: Digest,
    /// How it is packed.
    pub packing: Packing,
    /// Bytes packed.
    pub packed_bytes: u64,
    /// The unpacked archive.
    pub tar: Slice,
}

/// What was had from a source, before layers are looked into.
#[derive(Debug)]
pub(crate) struct Acquired {
    pub(crate) index: Option<Document>,
    pub(crate) manifest: Option<Document>,
    pub(crate) platform: Option<Platform>,
    pub(crate) tags: Vec<String>,
    pub(crate) config: Bytes,
    pub(crate) layers: Vec<(Option<Descriptor>, Slice)>,
    pub(crate) referrers: Vec<Referrer>,
}

/// An image that was opened.
#[derive(Clone, Debug)]
pub struct Image {
    /// The index it was chosen from, if it was.
    pub index: Option<Document>,
    /// Its manifest; a docker archive has none.
    pub manifest: Option<Document>,
    /// What the index says it is for.
    pub platform: Option<Platform>,
    /// The tags it was found under.
    pub tags: Vec<String>,
    /// Its config.
    pub config: Config,
    /// The config's bytes.
    pub config_bytes: Bytes,
    /// Its layers, from the bottom.
    pub layers: Vec<Layer>,
    /// The root file system they make.
    pub tree: Tree,
    /// What is said about it.
    pub referrers: Vec<Referrer>,
    /// What is odd about it.
    pub irregularities: Vec<Irregularity>,
}

impl Image {
    /// What names it for good: the manifest's digest, or the config's where there is no manifest.
    pub fn digest(&self) -> Digest {
        self.manifest.as_ref().map_or_else(
            || Digest::sha256(&self.config_bytes),
            |manifest| manifest.digest.clone(),
        )
    }

    /// Annotations of the manifest.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        self.manifest
            .as_ref()
            .map(|document| document.manifest.annotations.clone())
            .unwrap_or_default()
    }

    /// Looks into the layers. It reads and writes files: not for an async thread.
    pub(crate) fn assemble(acquired: Acquired, limits: &Limits) -> Result<Self, SourceError> {
        let Acquired {
            index,
            manifest,
            platform,
            tags,
            config: config_bytes,
            layers: blobs,
            referrers,
        } = acquired;
        let config = Config::read(&config_bytes)?;
        if blobs.len() > limits.layers {
            return Err(SourceError::Refused(format!(
                "an image of {} layers",
                blobs.len()
            )));
        }
        let mut irregularities = Vec::new();
        let declared = &config.root.diff_ids;
        if declared.len() > blobs.len() {
            irregularities.push(Irregularity::MissingLayers {
                declared: declared.len(),
                found: blobs.len(),
            });
        }
        let (mut bytes, mut room) = (limits.unpacked_bytes, Room::new(limits));
        let mut tree = Tree::default();
        let mut layers = Vec::with_capacity(blobs.len());
        for (at, (descriptor, blob)) in blobs.into_iter().enumerate() {
            let unpacked = unpack(&blob, descriptor.as_ref(), limits, &mut bytes)?;
            if declared.get(at) != Some(&unpacked.diff_id) {
                irregularities.push(Irregularity::DiffId {
                    layer: at,
                    declared: declared.get(at).cloned(),
                    found: unpacked.diff_id.clone(),
                });
            }
            if let Some(descriptor) = &descriptor
                && Packing::named(&descriptor.media_type) != Some(unpacked.packing)
            {
                irregularities.push(Irregularity::Packing {
                    layer: at,
                    media_type: descriptor.media_type.clone(),
                    found: unpacked.packing,
                });
            }
            apply(
                &mut tree,
                at,
                &unpacked.tar,
                limits,
                &mut room,
                &mut irregularities,
            )?;
            layers.push(Layer {
                descriptor,
                diff_id: unpacked.diff_id,
                packing: unpacked.packing,
                packed_bytes: blob.length(),
                tar: unpacked.tar,
            });
        }
        Ok(Self {
            index,
            manifest,
            platform,
            tags,
            config,
            config_bytes,
            layers,
            tree,
            referrers,
            irregularities,
        })
    }
}
