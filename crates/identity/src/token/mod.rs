//! Tokens that stand for credentials for a while, and the keys that sign them.

mod encryption;
mod issue;

use seawall_database::Timestamp;

use crate::{ProjectRef, Secret};

pub use encryption::{EncryptionKey, KeySource};

/// What a registry token grants: an upper bound on what its bearer may do.
#[derive(Debug, Default)]
pub struct Grants {}

/// One `scope` of a token request, its project looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenScope {
    /// `repository:<name>:<actions>`.
    Repository {
        /// The repository's whole name, as asked for.
        name: String,
        /// Its project; `None` if there is none: nothing is granted then.
        project: Option<ProjectRef>,
    },
    /// `registry:catalog:*`.
    Catalog,
}

/// What a token grants on one thing (`access` of the token).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAccess {
    /// `repository` or `registry`.
    pub kind: String,
    /// The repository's name, or `catalog`.
    pub name: String,
    /// What is granted: `pull`, `push`, `delete`, `*`.
    pub actions: Vec<String>,
}

/// A token that was made.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: Secret,
    /// How long it is good, in seconds.
    pub expires_in: u64,
    /// When it was made.
    pub issued_at: Timestamp,
    /// What it grants; empty for an API token.
    pub access: Vec<GrantedAccess>,
}
