//! Manifests: hostile JSON is an error, and an accepted one keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_oci::{Manifest, ManifestKind};

fuzz_target!(|bytes: &[u8]| {
    for content_type in [None, Some(seawall_oci::media_type::OCI_MANIFEST), Some("application/x+json; a=b")] {
        let Ok(manifest) = Manifest::parse(content_type, bytes) else {
            continue;
        };
        match manifest.kind {
            ManifestKind::Image => assert!(manifest.manifests.is_empty()),
            ManifestKind::Index => assert!(manifest.layers.is_empty() && manifest.config.is_none()),
        }
        assert!(manifest.required_blobs().count() <= manifest.layers.len() + 1);
        let _ = (manifest.effective_artifact_type(), manifest.default_platform());
    }
});
