//! Signatures and attestations as artifacts of a registry: a manifest, its blobs, and how they are
//! found again, by a tag (cosign's first scheme) or by the manifest that they are about (OCI 1.1).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use seawall_oci::document::{self, ImageManifest};
use seawall_oci::{Descriptor, Digest, media_type};
use serde::Serialize;

use crate::bundle::{BUNDLE_MEDIA_TYPE, Bundle};
use crate::dsse::Envelope;
use crate::simple_signing::SIMPLE_SIGNING_MEDIA_TYPE;

pub(crate) const SIGNATURE_ANNOTATION: &str = "dev.cosignproject.cosign/signature";
const ENVELOPE_MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";
const SIGNATURE_CONFIG: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";

/// How an artifact is found from the image that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By a tag made of the image's digest; what stood there before is given, and is kept.
    Tag {
        /// The layers of the manifest that the tag names now.
        before: Vec<Descriptor>,
    },
    /// By the referrers of this manifest.
    Referrer(Box<Descriptor>),
}

/// A manifest to push, after its blobs.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The blobs.
    pub blobs: Vec<(Descriptor, Vec<u8>)>,
    /// The manifest's bytes, an OCI image manifest.
    pub manifest: Vec<u8>,
}

impl Artifact {
    /// The manifest's digest.
    pub fn digest(&self) -> Digest {
        Digest::sha256(&self.manifest)
    }
}

/// The tag that cosign looks under: `sha256-<hex>.sig`; `kind` is `sig`, `att` or `sbom`.
pub fn tag_for(digest: &Digest, kind: &str) -> String {
    format!("{}-{}.{kind}", digest.algorithm(), digest.hex())
}

/// The config that cosign gives to what it tags: an image that cannot run.
#[derive(Serialize)]
struct TagConfig {
    architecture: &'static str,
    created: &'static str,
    history: Vec<TagHistory>,
    os: &'static str,
    rootfs: document::RootFs,
    config: document::Empty,
}

#[derive(Serialize)]
struct TagHistory {
    created: &'static str,
}

/// Go's idea of no time at all.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// A signature over `payload` (see [`crate::SimpleSigning`]).
pub fn signature_artifact(payload: &[u8], signature: &[u8], scheme: Scheme) -> Artifact {
    let mut layer = Descriptor::of(SIMPLE_SIGNING_MEDIA_TYPE, payload);
    layer
        .annotations
        .insert(SIGNATURE_ANNOTATION.to_owned(), BASE64.encode(signature));
    in_scheme(layer, payload, scheme)
}

/// A signed attestation as cosign's tags carry it.
pub fn attestation_artifact(envelope: &Envelope, predicate_type: &str, scheme: Scheme) -> Artifact {
    let bytes = envelope.to_bytes();
    let mut layer = Descriptor::of(ENVELOPE_MEDIA_TYPE, &bytes);
    layer.annotations = BTreeMap::from([
        (SIGNATURE_ANNOTATION.to_owned(), String::new()),
        ("predicateType".to_owned(), predicate_type.to_owned()),
    ]);
    in_scheme(layer, &bytes, scheme)
}

/// A bundle as a referrer of `subject`. `created` is an RFC 3339 time.
pub fn bundle_artifact(
    bundle: &Bundle,
    predicate_type: &str,
    subject: Descriptor,
    created: &str,
) -> Artifact {
    let annotations = BTreeMap::from([
        (
            "dev.sigstore.bundle.content".to_owned(),
            "dsse-envelope".to_owned(),
        ),
        (
            "dev.sigstore.bundle.predicateType".to_owned(),
            predicate_type.to_owned(),
        ),
        (
            "org.opencontainers.image.created".to_owned(),
            created.to_owned(),
        ),
    ]);
    referrer(BUNDLE_MEDIA_TYPE, &bundle.to_bytes(), subject, annotations)
}

/// A plain document, such as an SBOM, as a referrer of `subject`; its media type is the artifact's.
pub fn document_artifact(
    media_type: &str,
    bytes: &[u8],
    subject: Descriptor,
    annotations: BTreeMap<String, String>,
) -> Artifact {
    referrer(media_type, bytes, subject, annotations)
}

fn referrer(
    media_type: &str,
    bytes: &[u8],
    subject: Descriptor,
    annotations: BTreeMap<String, String>,
) -> Artifact {
    let empty = Descriptor::of(media_type::OCI_EMPTY, b"{}");
    let layer = Descriptor::of(media_type, bytes);
    let mut manifest = ImageManifest::new(empty.clone(), vec![layer.clone()]);
    manifest.artifact_type = Some(media_type.to_owned());
    manifest.subject = Some(plain(subject));
    manifest.annotations = annotations;
    Artifact {
        blobs: vec![(empty, b"{}".to_vec()), (layer, bytes.to_vec())],
        manifest: document::to_bytes(&manifest),
    }
}

fn in_scheme(layer: Descriptor, bytes: &[u8], scheme: Scheme) -> Artifact {
    let blob = (plain(layer.clone()), bytes.to_vec());
    match scheme {
        Scheme::Tag { before } => {
            let mut layers = before;
            layers.retain(|there| *there != layer);
            layers.push(layer);
            let config = document::to_bytes(&TagConfig {
                architecture: "",
                created: NO_TIME,
                history: layers
                    .iter()
                    .map(|_| TagHistory { created: NO_TIME })
                    .collect(),
                os: "",
                rootfs: document::RootFs {
                    kind: "layers",
                    diff_ids: layers.iter().map(|layer| layer.digest.clone()).collect(),
                },
                config: document::Empty {},
            });
            let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
            let manifest = ImageManifest::new(descriptor.clone(), layers);
            Artifact {
                blobs: vec![blob, (descriptor, config)],
                manifest: document::to_bytes(&manifest),
            }
        }
        Scheme::Referrer(subject) => {
            let config = Descriptor::of(SIGNATURE_CONFIG, b"{}");
            let mut manifest = ImageManifest::new(config.clone(), vec![layer]);
            manifest.subject = Some(plain(*subject));
            Artifact {
                blobs: vec![blob, (config, b"{}".to_vec())],
                manifest: document::to_bytes(&manifest),
            }
        }
    }
}

/// Only what identifies the content.
fn plain(descriptor: Descriptor) -> Descriptor {
    Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size)
}

#[cfg(test)]
mod tests {
    use seawall_oci::Manifest;

    use super::*;

    fn read(artifact: &Artifact) -> Manifest {
        Manifest::parse(Some(media_type::OCI_MANIFEST), &artifact.manifest).unwrap()
    }

    #[test]
    fn a_second_signature_stands_beside_the_first() {
        let first = signature_artifact(b"payload", b"one", Scheme::Tag { before: Vec::new() });
        let before = read(&first).layers;
        let second = signature_artifact(
            b"payload",
            b"two",
            Scheme::Tag {
                before: before.clone(),
            },
        );
        let layers = read(&second).layers;
        assert_eq!(layers.len(), 2);
        assert_eq!(layers[0], before[0]);
        let again = signature_artifact(b"payload", b"two", Scheme::Tag { before: layers });
        assert_eq!(
            again.manifest, second.manifest,
            "the same signature is not added twice"
        );
    }

    #[test]
    fn every_blob_of_a_manifest_comes_with_it() {
        let subject = Descriptor::of(media_type::OCI_MANIFEST, b"image");
        let artifacts = [
            signature_artifact(
                b"payload",
                b"s",
                Scheme::Referrer(Box::new(subject.clone())),
            ),
            document_artifact(
                "application/spdx+json",
                b"{}",
                subject.clone(),
                BTreeMap::new(),
            ),
        ];
        for artifact in artifacts {
            let manifest = read(&artifact);
            assert_eq!(manifest.subject.as_ref(), Some(&subject));
            for needed in manifest.required_blobs() {
                let (_, bytes) = artifact
                    .blobs
                    .iter()
                    .find(|(blob, _)| blob.digest == needed.digest)
                    .unwrap();
                assert_eq!(Digest::sha256(bytes), needed.digest);
            }
        }
    }
}
