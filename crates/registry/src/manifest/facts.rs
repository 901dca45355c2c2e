//! Facts of an artifact that its config blob tells: Harbor's `extra_attrs`.
//!
//! The config is the client's: it may be huge, nested or no JSON at all. It is read
//! before the push's transaction, at most [`MAX_CONFIG_BYTES`] of it, and what is
//! kept is bounded too, since every list shows it.

use std::collections::BTreeMap;

use seawall_oci::{Manifest, media_type};
use serde_json::{Map, Value};

use crate::ArtifactType;

/// How much of a config is read, in bytes.
pub(crate) const MAX_CONFIG_BYTES: u64 = 4 * 1024 * 1024;

/// How much of the facts is kept, in bytes of JSON.
const MAX_FACTS_BYTES: usize = 64 * 1024;

/// The fields of an image's config that lists show. Harbor `processor/image/manifest_v2.go`.
const IMAGE_FIELDS: [&str; 5] = ["architecture", "author", "config", "created", "os"];

/// The layer annotation and manifest annotation of Harbor for user-defined artifacts.
const SKIP_LIST: &str = "io.goharbor.artifact.v1alpha1.skip-list";

/// Whether a manifest has a config that is worth reading.
pub(crate) fn wants_config(manifest: &Manifest) -> bool {
    manifest.config.as_ref().is_some_and(|config| {
        config.size > 2
            && config.size <= MAX_CONFIG_BYTES
            && config.media_type != media_type::OCI_EMPTY
    })
}

/// The facts that a config tells; nothing when it is no JSON object.
pub(crate) fn extra_attrs(
    kind: &ArtifactType,
    manifest: &Manifest,
    config: &[u8],
) -> Map<String, Value> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(config) else {
        return Map::new();
    };
    if matches!(kind, ArtifactType::Image | ArtifactType::Wasm) {
        document.retain(|field, value| IMAGE_FIELDS.contains(&field.as_str()) && !is_empty(value));
    }
    if let Some(skipped) = manifest.annotations.get(SKIP_LIST) {
        for field in skipped.split(',') {
            document.remove(field.trim());
        }
    }
    bound(document)
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str() == Some("")
}

/// Drops the largest fields until the rest is small enough.
fn bound(mut document: Map<String, Value>) -> Map<String, Value> {
    let mut sizes: Vec<(usize, String)> = document
        .iter()
        .map(|(field, value)| (field.len() + value.to_string().len(), field.clone()))
        .collect();
    sizes.sort_unstable();
    let mut total: usize = sizes.iter().map(|(size, _)| size + 4).sum();
    while total > MAX_FACTS_BYTES {
        let Some((size, field)) = sizes.pop() else {
            break;
        };
        if field == "config" && keep_labels(&mut document) {
            let kept = document
                .get("config")
                .map_or(0, |config| config.to_string().len());
            if total.saturating_sub(size) + kept <= MAX_FACTS_BYTES {
                break;
            }
        }
        document.remove(&field);
        total = total.saturating_sub(size + 4);
    }
    document
}

/// Of a config that is too large, the labels alone may still fit.
fn keep_labels(document: &mut Map<String, Value>) -> bool {
    let Some(labels) = document
        .get("config")
        .and_then(|config| config.get("Labels"))
        .cloned()
    else {
        return false;
    };
    document.insert(
        "config".to_owned(),
        Value::Object(Map::from_iter([("Labels".to_owned(), labels)])),
    );
    true
}

/// The annotations that are kept: the largest are left out until the rest is small enough. The
/// manifest itself keeps them all.
pub(crate) fn annotations(all: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let size = |(name, value): &(&str, &str)| name.len() + value.len() + 6;
    let mut sorted: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    sorted.sort_by_key(size);
    let mut total = 0;
    sorted
        .into_iter()
        .take_while(|annotation| {
            total += size(annotation);
            total <= MAX_FACTS_BYTES
        })
        .collect()
}

/// The history of an image, as `build_history` shows it: an array, empty when there is none.
pub(crate) fn build_history(config: &[u8]) -> Value {
    let document: Value = serde_json::from_slice(config).unwrap_or_default();
    match document.get("history") {
        Some(Value::Array(history)) => Value::Array(history.clone()),
        _ => Value::Array(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(annotations: &Value) -> Manifest {
        let document = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "annotations": annotations,
            "config": {"mediaType": media_type::OCI_CONFIG, "size": 9, "digest": seawall_oci::Digest::sha256(b"")},
            "layers": [],
        });
        Manifest::parse(None, document.to_string().as_bytes()).unwrap()
    }

    fn facts(config: &Value) -> Map<String, Value> {
        extra_attrs(
            &ArtifactType::Image,
            &manifest(&json!({})),
            config.to_string().as_bytes(),
        )
    }

    #[test]
    fn an_image_shows_harbors_fields() {
        let config = json!({
            "architecture": "amd64", "os": "linux", "author": "", "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": {"a": "b"}, "Env": ["X=1"]}, "rootfs": {}, "history": [{"created_by": "x"}],
        });
        let facts = facts(&config);
        assert_eq!(
            facts.keys().collect::<Vec<_>>(),
            ["architecture", "config", "created", "os"]
        );
        assert_eq!(facts["config"]["Labels"]["a"], "b");
        assert_eq!(
            build_history(config.to_string().as_bytes()),
            json!([{"created_by": "x"}])
        );
    }

    #[test]
    fn a_hostile_config_tells_nothing() {
        for config in [
            "[".repeat(100_000),
            "{\"config\":".repeat(5_000),
            "\u{0}".to_owned(),
            "[]".to_owned(),
        ] {
            assert!(
                extra_attrs(
                    &ArtifactType::Image,
                    &manifest(&json!({})),
                    config.as_bytes()
                )
                .is_empty()
            );
            assert_eq!(build_history(config.as_bytes()), json!([]));
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_labels_stay_longest() {
        let config = json!({
            "architecture": "amd64",
            "config": {"Labels": {"team": "blue"}, "Env": ["x".repeat(100_000)]},
        });
        assert_eq!(
            facts(&config)["config"],
            json!({"Labels": {"team": "blue"}})
        );
        let config =
            json!({"architecture": "amd64", "config": {"Labels": {"team": "x".repeat(100_000)}}});
        let facts = facts(&config);
        assert_eq!(facts.keys().collect::<Vec<_>>(), ["architecture"]);
    }

    #[test]
    fn the_largest_annotations_are_left_out() {
        let all: BTreeMap<String, String> = (0..400)
            .map(|number| (format!("large-{number}"), "A".repeat(10_000)))
            .chain([("small".to_owned(), "kept".to_owned())])
            .collect();
        let kept = annotations(&all);
        assert_eq!(kept["small"], "kept");
        assert!(kept.len() < 10);
    }

    #[test]
    fn a_skip_list_drops_fields() {
        let manifest = manifest(&json!({SKIP_LIST: "created, os"}));
        let config = json!({"os": "linux", "created": "x", "architecture": "arm64"}).to_string();
        let facts = extra_attrs(&ArtifactType::Image, &manifest, config.as_bytes());
        assert_eq!(facts.keys().collect::<Vec<_>>(), ["architecture"]);
    }

    proptest::proptest! {
        #[test]
        fn a_config_never_panics(config in "[\\[\\]{}\":,a-zL0-9. -]{0,200}") {
            let _ = extra_attrs(&ArtifactType::Image, &manifest(&json!({})), config.as_bytes());
            let _ = build_history(config.as_bytes());
        }
    }
}
