//! Signatures of Alpine: a member whose one file is named for the key, `.SIGN.RSA.NAME` (SHA-1) or
//! `.SIGN.RSA256.NAME` (SHA-256), over the bytes of the member that follows.
//!
//! SHA-1 is what Alpine's own indexes are signed with to this day, and so it is accepted here.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::segments::Segment;
use crate::archive::{ArchiveError, tar};

/// A signature and a few kilobytes around it.
pub(super) const MOST_BYTES: u64 = 1 << 20;
const MOST_SIGNATURES: usize = 32;

/// A key that may sign, by the name of its file.
#[derive(Clone, Debug)]
pub struct ApkKey {
    /// The last part of its path: `alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub`.
    pub name: String,
    der: Vec<u8>,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApkSignatureError {
    /// The key file is none.
    #[error("the key file {0} is no public key in PEM")]
    Key(String),
    /// The archive of signatures.
    #[error("the signature cannot be read: {0}")]
    Archive(#[from] ArchiveError),
    /// There is none.
    #[error("it is not signed")]
    Unsigned,
    /// All are by keys that were not given.
    #[error("it is signed by {0}, and none of these keys was given")]
    UnknownKey(String),
    /// It is of a kind that is not known.
    #[error("the signature {0} is of a kind that is not accepted")]
    NotAccepted(String),
    /// The bytes are not those that were signed.
    #[error("the signature by {0} is bad: it was changed, or signed by another key")]
    Bad(String),
}

impl ApkKey {
    /// Reads a key file; `path` gives it its name.
    pub fn parse(path: &str, file: &[u8]) -> Result<Self, ApkSignatureError> {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let no_key = || ApkSignatureError::Key(path.to_owned());
        let text = std::str::from_utf8(file).map_err(|_| no_key())?.trim();
        let inner = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or_else(no_key)?;
        let base64: String = inner.split_whitespace().collect();
        let der = STANDARD.decode(base64).map_err(|_| no_key())?;
        Ok(Self { name, der })
    }
}

/// The name of the key by which the segment signs these bytes. One good signature is enough; one that
/// is bad, by a key that is known, refuses them whatever the others are.
pub(super) fn verify(
    segment: &Segment,
    signed: &[u8],
    keys: &[ApkKey],
) -> Result<String, ApkSignatureError> {
    let mut good = None;
    let mut unknown = Vec::new();
    for file in tar::entries(&segment.unpacked, MOST_SIGNATURES)? {
        let Some(content) = file.entry.content() else {
            continue;
        };
        let Some(rest) = file.entry.path.strip_prefix(".SIGN.") else {
            return Err(ApkSignatureError::Unsigned);
        };
        let not_accepted = || ApkSignatureError::NotAccepted(rest.to_owned());
        let (kind, name) = rest.split_once('.').ok_or_else(not_accepted)?;
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            unknown.push(name.to_owned());
            continue;
        };
        let parameters = match kind {
            "RSA" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "RSA256" => &RSA_PKCS1_2048_8192_SHA256,
            "RSA512" => &RSA_PKCS1_2048_8192_SHA512,
            _ => return Err(not_accepted()),
        };
        UnparsedPublicKey::new(parameters, &key.der)
            .verify(signed, content)
            .map_err(|_| ApkSignatureError::Bad(name.to_owned()))?;
        good = Some(name.to_owned());
    }
    good.ok_or_else(|| {
        if unknown.is_empty() {
            ApkSignatureError::Unsigned
        } else {
            ApkSignatureError::UnknownKey(unknown.join(", "))
        }
    })
}
