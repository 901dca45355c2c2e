//! An index with attestation manifests, as buildx pushes them; there is no buildx here, so regctl pushes it.

use seawall_tests::{Blob, Image, OCI_INDEX, OCI_MANIFEST, write_layout};
use serde_json::{Value, json};

use super::regctl::{log_in, regctl};
use super::{ok, server};

/// An in-toto statement as an image of `unknown/unknown`, the way BuildKit exports it.
fn attestation() -> Image {
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2"});
    let layer = Blob::new(statement.to_string().into_bytes());
    let config = Blob::new(
        json!({"architecture": "unknown", "os": "unknown", "config": {},
               "rootfs": {"type": "layers", "diff_ids": [layer.digest]}})
        .to_string()
        .into_bytes(),
    );
    let mut layer_descriptor = layer.descriptor("application/vnd.in-toto+json");
    layer_descriptor["annotations"] =
        json!({"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [layer_descriptor],
    });
    Image {
        config,
        layers: vec![layer],
        manifest: Blob::new(manifest.to_string().into_bytes()),
    }
}

#[test]
fn an_index_with_attestations_keeps_every_manifest() {
    let (seawall, admin) = server();
    log_in(&seawall, "dev");
    let image = Image::saying("attested");
    let proof = attestation();
    let mut of_image = image.manifest.descriptor(OCI_MANIFEST);
    of_image["platform"] = json!({"architecture": "amd64", "os": "linux"});
    let mut of_proof = proof.manifest.descriptor(OCI_MANIFEST);
    of_proof["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    of_proof["annotations"] = json!({
        "vnd.docker.reference.digest": image.manifest.digest,
        "vnd.docker.reference.type": "attestation-manifest",
    });
    let index =
        json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [of_image, of_proof]});
    let index = Blob::new(index.to_string().into_bytes());
    let layout = seawall.folder().join("attested");
    write_layout(&layout, "v1", (&index, OCI_INDEX), &[&image, &proof]);
    ok(regctl(&seawall)
        .args(["image", "copy"])
        .arg(format!("ocidir://{}:v1", layout.display()))
        .arg(format!("{}/team/attested:v1", seawall.host())));
    assert_eq!(admin.manifest("team/attested", "v1").unwrap(), index.bytes);
    admin.check_image("team/attested", &image.manifest.digest, &image);
    admin.check_image("team/attested", &proof.manifest.digest, &proof);
    let artifacts: Value = admin
        .json("/api/v2.0/projects/team/repositories/attested/artifacts")
        .unwrap();
    assert_eq!(
        artifacts.as_array().map(Vec::len),
        Some(1),
        "children of an index are not listed: {artifacts}"
    );
}
