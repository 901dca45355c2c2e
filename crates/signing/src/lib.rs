//! Signatures and attestations of images, with key pairs, as cosign reads and writes them.
//!
//! `key.rs` has the keys; `simple_signing.rs` signs an image; `dsse.rs` and `statement.rs` say things about
//! one; `bundle.rs` is what newer clients want; `artifact.rs` makes manifests of all that for a registry, and `said.rs`
//! reads them again. Pure: whoever calls pushes what comes out. No certificates and no transparency log: see docs/images.md.

mod artifact;
mod bundle;
mod dsse;
mod encrypted;
mod key;
mod said;
mod simple_signing;
mod statement;

pub use artifact::{
    Artifact, Scheme, attestation_artifact, bundle_artifact, document_artifact, signature_artifact,
    tag_for,
};
pub use bundle::{BUNDLE_MEDIA_TYPE, Bundle, BundleError};
pub use dsse::{DsseError, Envelope, IN_TOTO_PAYLOAD_TYPE};
pub use key::{KeyError, PrivateKey, PublicKey};
pub use said::{Doubt, said};
pub use simple_signing::{PayloadError, SIMPLE_SIGNING_MEDIA_TYPE, SimpleSigning};
pub use statement::{Predicate, Statement, predicate_type};
