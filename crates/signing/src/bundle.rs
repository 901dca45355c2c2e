//! The sigstore bundle, version 0.3, with a key: what cosign 3 attaches and looks for.
//! Source: sigstore/protobuf-specs `sigstore_bundle.proto`.

use serde::{Deserialize, Serialize};

use crate::dsse::{DsseError, Envelope};
use crate::key::PublicKey;

/// The media type, of the bundle and of the manifest that carries it.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Why a bundle is not believed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not JSON of that shape, or another version.
    #[error("the bundle cannot be read: {0}")]
    Form(String),
    /// What is in it is not signed by the key.
    #[error(transparent)]
    Envelope(#[from] DsseError),
}

/// An envelope with what is needed to verify it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Envelope,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Hint,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Hint {
    #[serde(default)]
    hint: String,
}

impl Bundle {
    /// A bundle of an envelope that `key` verifies.
    pub fn new(envelope: Envelope, key: &PublicKey) -> Self {
        Self {
            media_type: BUNDLE_MEDIA_TYPE.to_owned(),
            verification_material: Material {
                public_key: Hint { hint: key.hint() },
            },
            dsse_envelope: envelope,
        }
    }

    /// Reads a bundle; nothing in it is believed yet.
    ///
    /// # Errors
    /// When it is none, or one with a certificate instead of a key.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let bundle: Self =
            serde_json::from_slice(bytes).map_err(|error| BundleError::Form(error.to_string()))?;
        if bundle.media_type != BUNDLE_MEDIA_TYPE {
            return Err(BundleError::Form(format!("it is a {}", bundle.media_type)));
        }
        Ok(bundle)
    }

    /// The JSON of it.
    pub fn to_bytes(&self) -> Vec<u8> {
        seawall_oci::document::to_bytes(self)
    }

    /// The payload, when it is signed by this key. The hint is not asked: it is signed by nobody.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, key: &PublicKey) -> Result<Vec<u8>, BundleError> {
        Ok(self.dsse_envelope.verify(key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PrivateKey;

    #[test]
    fn a_bundle_carries_an_envelope_and_names_its_key() {
        let key = PrivateKey::generate().unwrap();
        let envelope = Envelope::sign("text/plain", b"said", &key).unwrap();
        let bytes = Bundle::new(envelope, &key.public_key()).to_bytes();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(&key.public_key().hint()));
        let bundle = Bundle::read(&bytes).unwrap();
        assert_eq!(bundle.verify(&key.public_key()).unwrap(), b"said");
        let stranger = PrivateKey::generate().unwrap().public_key();
        assert!(bundle.verify(&stranger).is_err());
        assert!(Bundle::read(text.replace("v0.3", "v0.9").as_bytes()).is_err());
    }
}
