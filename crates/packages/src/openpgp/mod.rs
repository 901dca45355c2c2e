//! As much of `OpenPGP` (RFC 9580) as it takes to check who signed a repository: keys and signatures of
//! version 4 by RSA, Ed25519 and ECDSA, over SHA-256 and longer, in the cleartext framework.
//!
//! It signs nothing and decrypts nothing, and the arithmetic is aws-lc's. What it does not understand
//! is no signature: refused, never skipped over. Why this is not a crate from elsewhere stands in
//! docs/decisions/0013-signatures-of-repositories.md. Start with `cleartext.rs` (a signed document) and `certificate.rs` (whose keys count).

mod armor;
mod certificate;
mod cleartext;
mod key;
mod packet;
mod signature;

pub use certificate::Keyring;
pub use cleartext::{Verified, verify};

/// Why a key file or a signed document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A text or a packet does not follow its format.
    #[error("{0}")]
    Malformed(&'static str),
    /// The key file has no key that could sign.
    #[error("the key file has no key that can be used")]
    NoKey,
    /// The document is not signed.
    #[error("the document is not signed")]
    Unsigned,
    /// All of its signatures are by keys that were not given.
    #[error("it is signed by {0}, and none of these keys was given")]
    UnknownKey(String),
    /// The bytes are not those that were signed.
    #[error("the signature by {0} is bad: the document was changed, or signed by another key")]
    Bad(String),
    /// The key's time is over.
    #[error("the key {0} has expired")]
    ExpiredKey(String),
    /// The key was revoked.
    #[error("the key {0} was revoked")]
    RevokedKey(String),
    /// The signature's time is over, or has not come.
    #[error("the signature by {0} is of another time: it has expired, or is made in the future")]
    OtherTime(String),
    /// The hash function or the kind of signature is too weak or not known.
    #[error("the signature by {0} is of a kind that is not accepted")]
    NotAccepted(String),
}
