//! A client of the distribution API (OCI distribution-spec 1.1), for whatever in Seawall speaks to
//! a registry: Basic and token authorisation, manifests, and blobs whose copy goes on where a cut
//! connection left off.
//!
//! It knows no repository's policy and keeps nothing on disk. `endpoint.rs` is how to be let in,
//! `manifest.rs`, `blob.rs`, `referrers.rs` and `copy.rs` what is asked for.

mod blob;
mod challenge;
mod copy;
mod endpoint;
mod manifest;
mod referrers;
mod registry;
mod throttle;

pub use copy::{BlobCopy, CopySettings, Passage};
pub use endpoint::Endpoint;
pub use manifest::FetchedManifest;
pub use registry::{Credential, Registry};

/// Why a registry did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Another try may help.
    #[error("{0}")]
    Passing(String),
    /// It will not.
    #[error("{0}")]
    Lasting(String),
}
