//! Unsigned attestations in the index beside the image that they are about, as `BuildKit` places them: a manifest
//! for no machine, whose layers are in-toto statements. Signed ones are made by `seawall-signing`.

use std::collections::BTreeMap;

use seawall_oci::document::{self, Empty, ImageManifest, RootFs};
use seawall_oci::{Descriptor, Platform, media_type};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::layout::{Layout, LayoutError};

/// SLSA provenance, version 1.
pub const SLSA_PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// An SPDX document.
pub const SPDX: &str = "https://spdx.dev/Document";
/// A `CycloneDX` document.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";

const STATEMENT_MEDIA_TYPE: &str = "application/vnd.in-toto+json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'p> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [Subject; 1],
    predicate_type: &'p str,
    predicate: Box<RawValue>,
}

#[derive(Serialize)]
struct Subject {
    name: String,
    digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct NoImage {
    architecture: &'static str,
    os: &'static str,
    config: Empty,
    rootfs: RootFs,
}

/// Writes statements about `image` and gives the descriptor of their manifest for the index.
pub(crate) fn beside(
    layout: &Layout,
    image: &Descriptor,
    predicates: &[(&str, &[u8])],
) -> Result<Descriptor, LayoutError> {
    let mut layers = Vec::new();
    for (predicate_type, json) in predicates {
        let statement = Statement {
            kind: "https://in-toto.io/Statement/v1",
            subject: [Subject {
                name: "_".to_owned(),
                digest: BTreeMap::from([("sha256", image.digest.hex().to_owned())]),
            }],
            predicate_type,
            predicate: serde_json::from_slice(json).map_err(std::io::Error::from)?,
        };
        let mut layer = layout.put_document(&statement, STATEMENT_MEDIA_TYPE)?;
        layer.annotations.insert(
            "in-toto.io/predicate-type".to_owned(),
            (*predicate_type).to_owned(),
        );
        layers.push(layer);
    }
    let config = NoImage {
        architecture: "unknown",
        os: "unknown",
        config: Empty {},
        rootfs: RootFs {
            kind: "layers",
            diff_ids: layers.iter().map(|layer| layer.digest.clone()).collect(),
        },
    };
    let config = layout.put(&document::to_bytes(&config), media_type::OCI_CONFIG)?;
    let manifest = ImageManifest::new(config, layers);
    let mut descriptor = layout.put_document(&manifest, media_type::OCI_MANIFEST)?;
    descriptor.platform = Some(Platform {
        architecture: "unknown".to_owned(),
        os: "unknown".to_owned(),
        ..Platform::default()
    });
    descriptor.annotations = BTreeMap::from([
        (
            "vnd.docker.reference.digest".to_owned(),
            image.digest.to_string(),
        ),
        (
            "vnd.docker.reference.type".to_owned(),
            "attestation-manifest".to_owned(),
        ),
    ]);
    Ok(descriptor)
}
