//! Making tokens.

use super::{IssuedToken, TokenScope};
use crate::{Caller, Identity, IdentityError};

impl Identity {
    /// Makes a registry token for `/v2`. Each scope becomes an entry with what the caller may do
    /// there now, whatever was asked for (as Harbor does); nothing allowed is an entry without
    /// actions.
    pub async fn issue_registry_token(
        &self,
        caller: &Caller,
        scopes: &[TokenScope],
    ) -> Result<IssuedToken, IdentityError> {
        let _ = (caller, scopes);
        todo!()
    }

    /// Makes a token that every API call accepts as Bearer. For users and robots, not for
    /// anonymous callers.
    pub async fn issue_api_token(&self, caller: &Caller) -> Result<IssuedToken, IdentityError> {
        let _ = caller;
        todo!()
    }

    /// Makes a new key for signing; the old ones verify until the tokens they signed have ended.
    /// Gives the new key's id.
    pub async fn rotate_keys(&self) -> Result<String, IdentityError> {
        todo!()
    }
}
