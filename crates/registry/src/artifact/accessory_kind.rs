//! Which manifests are accessories of others, and of which of Harbor's kinds.
//! Harbor `src/pkg/accessory/model`, `src/server/middleware/{cosign,subject}`.

use seawall_oci::{Digest, Manifest, Tag, media_type};

const COSIGN_LAYER: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const COSIGN_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const SIGSTORE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const NOTATION: &str = "application/vnd.cncf.notary.signature";
const HARBOR_SBOM: &str = "application/vnd.goharbor.harbor.sbom.v1";
const NYDUS_BOOTSTRAP: &str = "containerd.io/snapshot/nydus-bootstrap";

/// Harbor's name for a signature by cosign.
pub(crate) const SIGNATURE_COSIGN: &str = "signature.cosign";

/// What an accessory is attached to, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessoryOf {
    pub(crate) subject: Digest,
    pub(crate) kind: &'static str,
}

impl AccessoryOf {
    /// Tells whether a manifest, pushed with these tags, is an accessory.
    pub(crate) fn of<'a>(
        manifest: &Manifest,
        tags: impl IntoIterator<Item = &'a Tag>,
    ) -> Option<Self> {
        if let Some(subject) = &manifest.subject {
            return Some(Self {
                subject: subject.digest.clone(),
                kind: kind_of(manifest),
            });
        }
        let signature = manifest
            .layers
            .iter()
            .any(|layer| layer.media_type == COSIGN_LAYER);
        let subject = tags.into_iter().find_map(cosign_subject)?;
        signature.then_some(Self {
            subject,
            kind: SIGNATURE_COSIGN,
        })
    }
}

fn kind_of(manifest: &Manifest) -> &'static str {
    match manifest.effective_artifact_type() {
        Some(COSIGN_ARTIFACT | SIGSTORE_BUNDLE) => SIGNATURE_COSIGN,
        Some(NOTATION) => "signature.notation",
        Some(HARBOR_SBOM) => "sbom.harbor",
        Some(media_type::OCI_CONFIG | media_type::DOCKER_CONFIG) if is_nydus(manifest) => {
            "accelerator.nydus"
        }
        _ => "subject.accessory",
    }
}

fn is_nydus(manifest: &Manifest) -> bool {
    manifest
        .layers
        .last()
        .is_some_and(|layer| layer.annotations.contains_key(NYDUS_BOOTSTRAP))
}

/// `sha256-<hex>.sig` names the digest that cosign signed.
fn cosign_subject(tag: &Tag) -> Option<Digest> {
    let (algorithm, hex) = tag.as_str().strip_suffix(".sig")?.split_once('-')?;
    format!("{algorithm}:{hex}").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(layer: &str, subject: bool, artifact_type: &str) -> Manifest {
        let descriptor = |media_type: &str| json!({"mediaType": media_type, "size": 1, "digest": Digest::sha256(b"x")});
        let mut document = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": artifact_type,
            "config": descriptor(media_type::OCI_EMPTY), "layers": [descriptor(layer)],
        });
        if subject {
            document["subject"] = descriptor(media_type::OCI_MANIFEST);
        }
        Manifest::parse(None, document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_subject_makes_an_accessory() {
        let kinds = [
            (SIGSTORE_BUNDLE, "signature.cosign"),
            (NOTATION, "signature.notation"),
            ("text/spdx", "subject.accessory"),
        ];
        for (artifact_type, kind) in kinds {
            let found = AccessoryOf::of(&manifest("a/b", true, artifact_type), []).unwrap();
            assert_eq!((found.kind, found.subject), (kind, Digest::sha256(b"x")));
        }
        assert_eq!(AccessoryOf::of(&manifest("a/b", false, NOTATION), []), None);
    }

    #[test]
    fn a_tag_of_cosign_makes_a_signature() {
        let signed = Digest::sha256(b"signed");
        let tag: Tag = format!("sha256-{}.sig", signed.hex()).parse().unwrap();
        let found = AccessoryOf::of(&manifest(COSIGN_LAYER, false, ""), [&tag]).unwrap();
        assert_eq!((found.kind, found.subject), (SIGNATURE_COSIGN, signed));
        assert_eq!(AccessoryOf::of(&manifest("a/b", false, ""), [&tag]), None);
        let other: Tag = "sha256-12.sig".parse().unwrap();
        assert_eq!(
            AccessoryOf::of(&manifest(COSIGN_LAYER, false, ""), [&other]),
            None
        );
    }
}
