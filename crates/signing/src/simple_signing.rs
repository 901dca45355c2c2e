//! The payload of an image's signature: "simple signing", as cosign signs it.
//! Source: cosign `specs/SIGNATURE_SPEC.md`.

use seawall_oci::Digest;
use serde::{Deserialize, Serialize};

/// The media type of a signature's layer.
pub const SIMPLE_SIGNING_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

const KIND: &str = "cosign container image signature";

/// Why a payload does not speak for an image.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Not JSON of that shape.
    #[error("the signed payload cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// Another kind of payload.
    #[error("the signed payload is {0:?}, not an image's signature")]
    Kind(String),
    /// It speaks for another image.
    #[error("the signature is for {signed}, not for {asked}")]
    OtherImage {
        /// What was signed.
        signed: Digest,
        /// What was asked about.
        asked: Digest,
    },
}

#[derive(Deserialize, Serialize)]
struct Document {
    critical: Critical,
    optional: Option<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: Digest,
}

/// What a signature says: this image, in this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimpleSigning {
    /// The repository with its registry, `registry.example.org/team/app`.
    pub repository: String,
    /// The image's manifest.
    pub digest: Digest,
}

impl SimpleSigning {
    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        seawall_oci::document::to_bytes(&Document {
            critical: Critical {
                identity: Identity {
                    docker_reference: self.repository.clone(),
                },
                image: Image {
                    docker_manifest_digest: self.digest.clone(),
                },
                kind: KIND.to_owned(),
            },
            optional: None,
        })
    }

    /// Reads a payload whose signature was verified, and takes it only for the image `asked`.
    ///
    /// # Errors
    /// See [`PayloadError`].
    pub fn read(payload: &[u8], asked: &Digest) -> Result<Self, PayloadError> {
        let document: Document = serde_json::from_slice(payload)?;
        if document.critical.kind != KIND {
            return Err(PayloadError::Kind(document.critical.kind));
        }
        let digest = document.critical.image.docker_manifest_digest;
        if digest != *asked {
            return Err(PayloadError::OtherImage {
                signed: digest,
                asked: asked.clone(),
            });
        }
        Ok(Self {
            repository: document.critical.identity.docker_reference,
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_speaks_for_one_image() {
        let signed = SimpleSigning {
            repository: "registry.test/team/app".to_owned(),
            digest: Digest::sha256(b"one"),
        };
        let bytes = signed.to_bytes();
        assert!(
            bytes.starts_with(br#"{"critical":{"identity":{"docker-reference":"registry.test/"#)
        );
        assert_eq!(SimpleSigning::read(&bytes, &signed.digest).unwrap(), signed);
        let other = SimpleSigning::read(&bytes, &Digest::sha256(b"two"));
        assert!(matches!(other, Err(PayloadError::OtherImage { .. })));
        let text = String::from_utf8(bytes).unwrap();
        let kind = text.replace(KIND, "atomic container signature");
        assert!(matches!(
            SimpleSigning::read(kind.as_bytes(), &signed.digest),
            Err(PayloadError::Kind(_))
        ));
    }
}
