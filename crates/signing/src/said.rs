//! What a layer of an artifact says of an image, once a key was asked: cosign's signatures and
//! attestations, and bundles. How artifacts are found is for whoever calls.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use seawall_oci::{Descriptor, Digest};
use serde::Deserialize;

use crate::artifact::SIGNATURE_ANNOTATION;
use crate::bundle::{BUNDLE_MEDIA_TYPE, Bundle};
use crate::dsse::Envelope;
use crate::key::PublicKey;
use crate::simple_signing::{PayloadError, SIMPLE_SIGNING_MEDIA_TYPE, SimpleSigning};
use crate::statement::predicate_type;

/// Why a layer says nothing that can be believed.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// Nobody has signed it.
    #[error("it is not signed")]
    Unsigned,
    /// Somebody else has, or it was changed since.
    #[error("it is not signed by this key")]
    OtherKey,
    /// It is signed, and about other images.
    #[error("it is signed, and about {0}")]
    OtherImage(String),
    /// It cannot be read.
    #[error("{0}")]
    Form(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: BTreeMap<String, String>,
}

/// The type of what `key` says of the image `about` in a layer: a [`predicate_type`], of which
/// [`predicate_type::COSIGN_SIGN`] is a signature.
///
/// # Errors
/// When the key says nothing of this image in it.
pub fn said(
    layer: &Descriptor,
    bytes: &[u8],
    about: &Digest,
    key: &PublicKey,
) -> Result<String, Doubt> {
    let form = |error: &dyn std::fmt::Display| Doubt::Form(error.to_string());
    let payload = match layer.media_type.as_str() {
        SIMPLE_SIGNING_MEDIA_TYPE => return signature(layer, bytes, about, key),
        BUNDLE_MEDIA_TYPE => {
            let bundle = Bundle::read(bytes).map_err(|error| form(&error))?;
            bundle.verify(key).map_err(|_| Doubt::OtherKey)?
        }
        _ => {
            let envelope = Envelope::read(bytes).map_err(|_| Doubt::Unsigned)?;
            envelope.verify(key).map_err(|_| Doubt::OtherKey)?
        }
    };
    let statement: Said = serde_json::from_slice(&payload).map_err(|error| form(&error))?;
    let digests = |subject: &Subject| -> Vec<String> {
        let digests = subject.digest.iter();
        digests
            .map(|(algorithm, hex)| format!("{algorithm}:{hex}"))
            .collect()
    };
    let named: Vec<String> = statement.subject.iter().flat_map(digests).collect();
    if named.iter().any(|digest| digest == about.as_str()) {
        Ok(statement.predicate_type)
    } else {
        Err(Doubt::OtherImage(named.join(", ")))
    }
}

fn signature(
    layer: &Descriptor,
    payload: &[u8],
    about: &Digest,
    key: &PublicKey,
) -> Result<String, Doubt> {
    let text = layer.annotations.get(SIGNATURE_ANNOTATION);
    let text = text.ok_or(Doubt::Unsigned)?;
    let signature = BASE64
        .decode(text)
        .map_err(|_| Doubt::Form("its signature is not base64".to_owned()))?;
    key.verify(payload, &signature)
        .map_err(|_| Doubt::OtherKey)?;
    match SimpleSigning::read(payload, about) {
        Ok(_) => Ok(predicate_type::COSIGN_SIGN.to_owned()),
        Err(PayloadError::OtherImage { signed, .. }) => Err(Doubt::OtherImage(signed.to_string())),
        Err(error) => Err(Doubt::Form(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsse::IN_TOTO_PAYLOAD_TYPE;
    use crate::key::PrivateKey;
    use crate::statement::{Predicate, Statement};

    fn statement(about: &Digest) -> Vec<u8> {
        let predicate = Predicate::new(predicate_type::SPDX, b"{}").unwrap();
        Statement::new("image", about, predicate).to_bytes()
    }

    #[test]
    fn a_signature_speaks_for_its_image_and_its_key() {
        let (key, stranger) = (
            PrivateKey::generate().unwrap(),
            PrivateKey::generate().unwrap(),
        );
        let (ours, other) = (Digest::sha256(b"image"), Digest::sha256(b"other"));
        let payload = SimpleSigning {
            repository: "r.test/a".to_owned(),
            digest: ours.clone(),
        }
        .to_bytes();
        let mut layer = Descriptor::of(SIMPLE_SIGNING_MEDIA_TYPE, &payload);
        let ask = |layer: &Descriptor, about: &Digest, key: &PrivateKey| {
            said(layer, &payload, about, &key.public_key())
        };
        assert!(matches!(ask(&layer, &ours, &key), Err(Doubt::Unsigned)));
        let signed = BASE64.encode(key.sign(&payload).unwrap());
        layer
            .annotations
            .insert(SIGNATURE_ANNOTATION.to_owned(), signed);
        assert_eq!(
            ask(&layer, &ours, &key).unwrap(),
            predicate_type::COSIGN_SIGN
        );
        assert!(matches!(
            ask(&layer, &ours, &stranger),
            Err(Doubt::OtherKey)
        ));
        assert!(matches!(
            ask(&layer, &other, &key),
            Err(Doubt::OtherImage(_))
        ));
    }

    #[test]
    fn attestations_and_bundles_speak_likewise() {
        let (key, stranger) = (
            PrivateKey::generate().unwrap(),
            PrivateKey::generate().unwrap(),
        );
        let (ours, other) = (Digest::sha256(b"image"), Digest::sha256(b"other"));
        let envelope = Envelope::sign(IN_TOTO_PAYLOAD_TYPE, &statement(&ours), &key).unwrap();
        let bundle = Bundle::new(envelope.clone(), &key.public_key());
        for (media_type, bytes) in [
            ("application/vnd.dsse.envelope.v1+json", envelope.to_bytes()),
            (BUNDLE_MEDIA_TYPE, bundle.to_bytes()),
        ] {
            let layer = Descriptor::of(media_type, &bytes);
            let ask =
                |about: &Digest, key: &PrivateKey| said(&layer, &bytes, about, &key.public_key());
            assert_eq!(ask(&ours, &key).unwrap(), predicate_type::SPDX);
            assert!(matches!(ask(&ours, &stranger), Err(Doubt::OtherKey)));
            assert!(matches!(ask(&other, &key), Err(Doubt::OtherImage(_))));
        }
        let plain = Descriptor::of("application/spdx+json", b"{}");
        let unsigned = said(&plain, b"{}", &ours, &key.public_key());
        assert!(matches!(unsigned, Err(Doubt::Unsigned)));
    }
}
