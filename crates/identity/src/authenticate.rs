//! From an `Authorization` header to a [`Caller`] (Harbor `src/server/middleware/security`).

use seawall_events::Origin;

use crate::{Caller, Identity, IdentityError};

/// Which credentials are good here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// `/v2`: Basic, and registry tokens as Bearer.
    Registry,
    /// `/api` and `/service/token`: Basic, and API tokens as Bearer.
    Api,
}

/// Why nobody could say who is asking.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Too many passwords are being verified (429, with `Retry-After`).
    #[error("too many passwords are being verified, try again shortly")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Failed(IdentityError),
}

impl Identity {
    /// Says who asks. `authorization` is the header's value. Missing, wrong, locked or expired
    /// credentials give an anonymous caller, as in Harbor; wrong ones are recorded as a refused
    /// attempt.
    pub async fn authenticate(
        &self,
        authorization: Option<&str>,
        realm: Realm,
        origin: Origin,
    ) -> Result<Caller, AuthError> {
        let _ = (authorization, realm, &origin);
        todo!()
    }
}
