//! Tokens that stand for credentials for a while, and the keys that sign them.
//!
//! `issue` makes them, `verify` reads them, `claims` is what they say and `grants` what a registry
//! token allows at most. `keys` are the keys that sign (ES256), `encryption` the key that seals
//! those in the database, `store` their rows.

mod claims;
pub(crate) mod encryption;
mod grants;
mod issue;
pub(crate) mod keys;
pub(crate) mod store;
pub(crate) mod verify;

use seawall_database::Timestamp;

use crate::{ProjectRef, Secret};

pub use claims::GrantedAccess;
pub use encryption::{EncryptionKey, KeySource};
pub(crate) use grants::Grants;

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
