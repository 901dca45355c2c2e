//! Reading manifests: shape, media type, and the refusal of ambiguous ones
//! (a document that could pass for both an image and an index).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{Descriptor, Manifest, ManifestError, ManifestKind};
use crate::media_type;

/// Go writes an empty list as `null`; both mean nothing.
pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A field that tells "absent" from "there, perhaps null".
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    null_is_default(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u32>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default, deserialize_with = "present")]
    layers: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "present")]
    blobs: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "present")]
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    #[serde(default, deserialize_with = "null_is_default")]
    annotations: BTreeMap<String, String>,
}

pub(super) fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let header = content_type
        .map(media_type::essence)
        .filter(|text| !text.is_empty());
    if let Some(refused) = header.filter(|text| is_refused(text)) {
        return Err(ManifestError::Unsupported(refused.to_owned()));
    }
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| ManifestError::Invalid(error.to_string()))?;
    let media_type = media_type_of(header, &document)?;
    let kind = kind_of(&media_type, &document)?;
    match kind {
        ManifestKind::Image if document.manifests.is_some() => {
            return invalid("an image manifest must not have a field `manifests`");
        }
        ManifestKind::Index if document.layers.is_some() || document.config.is_some() => {
            return invalid("an index must not have a field `layers` or `config`");
        }
        _ => {}
    }
    let known_image = matches!(
        &*media_type,
        media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST
    );
    if known_image && document.config.is_none() {
        return invalid("an image manifest needs a field `config`");
    }
    if known_image && document.layers.is_none() {
        return invalid("an image manifest needs a field `layers`");
    }
    Ok(Manifest {
        kind,
        media_type,
        artifact_type: document.artifact_type,
        config: document.config,
        layers: document.layers.or(document.blobs).unwrap_or_default(),
        manifests: document.manifests.unwrap_or_default(),
        subject: document.subject,
        annotations: document.annotations,
    })
}

fn invalid<T>(message: &str) -> Result<T, ManifestError> {
    Err(ManifestError::Invalid(message.to_owned()))
}

/// Docker's schema 1 is gone from every client in use.
fn is_refused(text: &str) -> bool {
    matches!(
        text,
        media_type::DOCKER_SCHEMA1 | media_type::DOCKER_SCHEMA1_SIGNED
    )
}

fn media_type_of(header: Option<&str>, document: &Document) -> Result<String, ManifestError> {
    let field = document
        .media_type
        .as_deref()
        .filter(|text| !text.is_empty());
    match (header, field) {
        (Some(header), Some(field)) if header != field => Err(ManifestError::MediaTypeMismatch {
            header: header.to_owned(),
            field: field.to_owned(),
        }),
        (_, Some(refused)) if is_refused(refused) => {
            Err(ManifestError::Unsupported(refused.to_owned()))
        }
        (Some(text), _) | (None, Some(text)) => Ok(text.to_owned()),
        (None, None) if document.manifests.is_some() => Ok(media_type::OCI_INDEX.to_owned()),
        (None, None) => Ok(media_type::OCI_MANIFEST.to_owned()),
    }
}

fn kind_of(media_type: &str, document: &Document) -> Result<ManifestKind, ManifestError> {
    match media_type {
        media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => {
            version(document, ManifestKind::Image)
        }
        media_type::OCI_INDEX | media_type::DOCKER_MANIFEST_LIST => {
            if document.manifests.is_none() {
                return invalid("an index needs a field `manifests`");
            }
            version(document, ManifestKind::Index)
        }
        // A type of somebody's own: its shape tells what it is.
        _ if document.manifests.is_some() => Ok(ManifestKind::Index),
        _ if document.layers.is_some() || document.blobs.is_some() || document.config.is_some() => {
            Ok(ManifestKind::Image)
        }
        _ => Err(ManifestError::Unsupported(media_type.to_owned())),
    }
}

fn version(document: &Document, kind: ManifestKind) -> Result<ManifestKind, ManifestError> {
    match document.schema_version {
        Some(2) => Ok(kind),
        _ => invalid("`schemaVersion` must be 2"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Digest;

    fn descriptor(media_type: &str) -> serde_json::Value {
        json!({"mediaType": media_type, "digest": Digest::sha256(b"x"), "size": 1})
    }

    fn read(
        content_type: Option<&str>,
        document: &serde_json::Value,
    ) -> Result<Manifest, ManifestError> {
        Manifest::parse(content_type, document.to_string().as_bytes())
    }

    #[test]
    fn an_image_is_read() {
        let document = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "unknown": {"kept": [1]},
            "config": descriptor(media_type::OCI_CONFIG),
            "layers": [descriptor("a/b"), descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar")],
            "subject": descriptor(media_type::OCI_MANIFEST), "annotations": null,
        });
        let manifest = read(
            Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
            &document,
        )
        .unwrap();
        assert_eq!(manifest.kind, ManifestKind::Image);
        assert_eq!(manifest.layers.len(), 2);
        assert_eq!(manifest.required_blobs().count(), 2);
        assert_eq!(
            manifest.effective_artifact_type(),
            Some(media_type::OCI_CONFIG)
        );
        assert!(manifest.subject.is_some());
    }

    #[test]
    fn an_index_offers_linux_amd64() {
        let mut child = descriptor(media_type::DOCKER_MANIFEST);
        child["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let document = json!({"schemaVersion": 2, "manifests": [descriptor("x/y"), child]});
        let manifest = read(None, &document).unwrap();
        assert_eq!(manifest.media_type, media_type::OCI_INDEX);
        assert_eq!(
            manifest.default_platform().unwrap().media_type,
            media_type::DOCKER_MANIFEST
        );
    }

    #[test]
    fn what_is_ambiguous_or_broken_is_refused() {
        let config = descriptor(media_type::OCI_CONFIG);
        for document in [
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [], "manifests": []}),
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [], "layers": []}),
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX}),
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "layers": []}),
            json!({"schemaVersion": 1, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []}),
            json!({"schemaVersion": 2, "mediaType": media_type::DOCKER_SCHEMA1}),
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {"digest": "sha256:x", "size": 1}, "layers": []}),
            json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": {"digest": Digest::sha256(b""), "size": -1}, "layers": []}),
            json!({"schemaVersion": 2, "mediaType": "text/plain"}),
            json!([]),
        ] {
            assert!(read(None, &document).is_err(), "{document}");
        }
        let image = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []});
        assert!(matches!(
            read(Some(media_type::DOCKER_MANIFEST), &image),
            Err(ManifestError::MediaTypeMismatch { .. })
        ));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let deep = "[".repeat(200_000);
        assert!(Manifest::parse(None, deep.as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = Manifest::parse(None, &bytes);
        }
    }
}
