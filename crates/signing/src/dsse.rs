//! DSSE: an envelope that signs bytes together with their type.
//! Source: secure-systems-lab/dsse `protocol.md`, `envelope.md`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use crate::key::{KeyError, PrivateKey, PublicKey};

/// The type of an in-toto statement in an envelope.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// No envelope has more signatures.
const MOST_SIGNATURES: usize = 32;

/// Why an envelope is not believed.
#[derive(Debug, thiserror::Error)]
pub enum DsseError {
    /// Not JSON of that shape, or a part is not base64.
    #[error("the envelope cannot be read: {0}")]
    Form(String),
    /// No signature in it is of this key.
    #[error("no signature of the envelope is of this key")]
    NotSigned,
    /// Signing failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A payload and signatures over it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Signature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

impl Envelope {
    /// Signs a payload of a type.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(payload_type: &str, payload: &[u8], key: &PrivateKey) -> Result<Self, KeyError> {
        let signature = key.sign(&signed_bytes(payload_type, payload))?;
        Ok(Self {
            payload_type: payload_type.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![Signature {
                keyid: None,
                sig: STANDARD.encode(signature),
            }],
        })
    }

    /// Reads an envelope; nothing in it is believed yet.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, DsseError> {
        let envelope: Self =
            serde_json::from_slice(bytes).map_err(|error| DsseError::Form(error.to_string()))?;
        if envelope.signatures.len() > MOST_SIGNATURES {
            return Err(DsseError::Form("it has too many signatures".to_owned()));
        }
        Ok(envelope)
    }

    /// The JSON of it.
    pub fn to_bytes(&self) -> Vec<u8> {
        seawall_oci::document::to_bytes(self)
    }

    /// What type the payload is said to have.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The payload, when one of the signatures is of this key.
    ///
    /// # Errors
    /// [`DsseError::NotSigned`] when none is.
    pub fn verify(&self, key: &PublicKey) -> Result<Vec<u8>, DsseError> {
        let payload = bytes(&self.payload)?;
        let message = signed_bytes(&self.payload_type, &payload);
        for signature in &self.signatures {
            if key.verify(&message, &bytes(&signature.sig)?).is_ok() {
                return Ok(payload);
            }
        }
        Err(DsseError::NotSigned)
    }
}

/// Envelopes may use either alphabet of base64.
fn bytes(text: &str) -> Result<Vec<u8>, DsseError> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .map_err(|_| DsseError::Form("a part is not base64".to_owned()))
}

/// DSSE's pre-authentication encoding.
fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_bytes_are_those_of_the_protocol() {
        assert_eq!(
            signed_bytes("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn an_envelope_is_believed_only_as_it_was_signed() {
        let key = PrivateKey::generate().unwrap();
        let envelope = Envelope::sign(IN_TOTO_PAYLOAD_TYPE, b"{}", &key).unwrap();
        let read = Envelope::read(&envelope.to_bytes()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.verify(&key.public_key()).unwrap(), b"{}");
        let stranger = PrivateKey::generate().unwrap().public_key();
        assert!(matches!(read.verify(&stranger), Err(DsseError::NotSigned)));
        let mut other_payload = read.clone();
        other_payload.payload = STANDARD.encode("{ }");
        let mut other_type = read.clone();
        other_type.payload_type = "text/plain".to_owned();
        let mut unsigned = read;
        unsigned.signatures.clear();
        for changed in [other_payload, other_type, unsigned] {
            assert!(matches!(
                changed.verify(&key.public_key()),
                Err(DsseError::NotSigned)
            ));
        }
    }
}
