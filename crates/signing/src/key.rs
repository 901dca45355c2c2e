//! Key pairs: ECDSA on P-256 with SHA-256, as `cosign generate-key-pair` makes them.
//! How a private key is kept under a password: `encrypted.rs`.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

use crate::encrypted;

/// How a P-256 key begins as a `SubjectPublicKeyInfo` (RFC 5480): the rest is the point.
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point on P-256: a mark and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// No key file is larger, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or of another kind.
    #[error("it is no key in PEM that is known: {0}")]
    Form(String),
    /// The password does not open it.
    #[error("the password is wrong, or the key is damaged")]
    Password,
    /// Its protection asks for more work than is reasonable, or for something unknown.
    #[error("the key is protected in a way that is not known: {0}")]
    Protection(String),
    /// Another algorithm.
    #[error("only ECDSA keys on P-256 are known, as `cosign generate-key-pair` makes them")]
    Algorithm,
    /// The signature is not that of this key over these bytes.
    #[error("the signature does not match")]
    Signature,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had")]
    Random,
}

/// A private key. It shows nothing of itself.
pub struct PrivateKey {
    pair: EcdsaKeyPair,
    /// PKCS#8, for writing it down.
    document: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map_err(|_| KeyError::Random)?;
        let document = pair.to_pkcs8v1().map_err(|_| KeyError::Random)?;
        Ok(Self {
            pair,
            document: Zeroizing::new(document.as_ref().to_vec()),
        })
    }

    /// Reads a key file: one of cosign's under a password, or PKCS#8 without one.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        let pem = parse(text)?;
        let document = match pem.tag() {
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                encrypted::open(pem.contents(), password)?
            }
            "PRIVATE KEY" => Zeroizing::new(pem.contents().to_vec()),
            other => return Err(KeyError::Form(format!("it says {other}"))),
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &document)
            .map_err(|_| KeyError::Algorithm)?;
        Ok(Self { pair, document })
    }

    /// The key file that cosign reads, under a password (which may be empty).
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn to_pem(&self, password: &[u8]) -> Result<Zeroizing<String>, KeyError> {
        let sealed = encrypted::seal(&self.document, password)?;
        Ok(Zeroizing::new(encode(
            "ENCRYPTED SIGSTORE PRIVATE KEY",
            sealed,
        )))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey {
            point: self.pair.public_key().as_ref().to_vec(),
        }
    }

    /// Signs bytes: an ECDSA signature in ASN.1, other ones each time.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| KeyError::Random)
    }
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.hint())
    }
}

impl PublicKey {
    /// Reads `cosign.pub`.
    ///
    /// # Errors
    /// When it is no public key on P-256.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = parse(text)?;
        if pem.tag() != "PUBLIC KEY" {
            return Err(KeyError::Form(format!("it says {}", pem.tag())));
        }
        let point = pem
            .contents()
            .strip_prefix(&P256_INFO)
            .filter(|point| point.len() == P256_POINT_BYTES && point[0] == 4)
            .ok_or(KeyError::Algorithm)?;
        let key = Self {
            point: point.to_vec(),
        };
        // A point that does not lie on the curve is no key.
        aws_lc_rs::signature::ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.point)
            .map_err(|_| KeyError::Algorithm)?;
        Ok(key)
    }

    /// As cosign writes it.
    pub fn to_pem(&self) -> String {
        encode("PUBLIC KEY", self.to_der())
    }

    /// As a `SubjectPublicKeyInfo`.
    pub fn to_der(&self) -> Vec<u8> {
        [&P256_INFO, &self.point[..]].concat()
    }

    /// What a bundle calls it by: the hash of the key, in base64.
    pub fn hint(&self) -> String {
        BASE64.encode(digest::digest(&digest::SHA256, &self.to_der()))
    }

    /// Verifies a signature over bytes.
    ///
    /// # Errors
    /// [`KeyError::Signature`] when it is not this key's.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point)
            .verify(message, signature)
            .map_err(|_| KeyError::Signature)
    }
}

fn parse(text: &str) -> Result<Pem, KeyError> {
    if text.len() > MOST_BYTES {
        return Err(KeyError::Form("it is too large".to_owned()));
    }
    pem::parse(text).map_err(|error| KeyError::Form(error.to_string()))
}

fn encode(tag: &str, bytes: Vec<u8>) -> String {
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(tag, bytes), lines)
}

/// The pair's public half as aws-lc writes it, to compare in a test.
#[cfg(test)]
fn x509(key: &PrivateKey) -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    let der: PublicKeyX509Der<'_> = key.pair.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_only_its_password_opens_it() {
        let key = PrivateKey::generate().unwrap();
        let file = key.to_pem(b"secret").unwrap();
        assert!(file.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
        let again = PrivateKey::from_pem(&file, b"secret").unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert!(matches!(
            PrivateKey::from_pem(&file, b"wrong"),
            Err(KeyError::Password)
        ));
        assert_eq!(format!("{key:?}"), "PrivateKey(…)");
    }

    #[test]
    fn a_signature_is_of_its_key_and_its_bytes() {
        let key = PrivateKey::generate().unwrap();
        let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
        assert_eq!(public.to_der(), x509(&key));
        let signature = key.sign(b"message").unwrap();
        public.verify(b"message", &signature).unwrap();
        assert!(public.verify(b"another", &signature).is_err());
        for at in 0..signature.len() {
            let mut broken = signature.clone();
            broken[at] ^= 1;
            assert!(public.verify(b"message", &broken).is_err(), "byte {at}");
        }
        let other = PrivateKey::generate().unwrap().public_key();
        assert!(other.verify(b"message", &signature).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let public = PrivateKey::generate().unwrap().public_key();
        let mut off_curve = public.to_der();
        off_curve[60] ^= 1;
        for text in [
            String::new(),
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".to_owned(),
            encode("PUBLIC KEY", off_curve),
            encode("CERTIFICATE", public.to_der()),
            "x".repeat(100_000),
        ] {
            assert!(PublicKey::from_pem(&text).is_err());
            assert!(PrivateKey::from_pem(&text, b"").is_err());
        }
    }
}
