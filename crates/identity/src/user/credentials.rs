//! A user's secrets: the password, and the CLI secret that stands for it in `docker login`.

use std::sync::Arc;

use seawall_events::Operation;
use seawall_ids::UserId;

use super::operations::UPDATE;
use super::store;
use crate::secret::chosen;
use crate::secret::stored::StoredSecret;
use crate::{Identity, IdentityError, Permit, Secret};

impl Identity {
    /// Changes a password: one's own with the old one, another's without. Tokens made before end.
    /// Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn change_password(
        &self,
        permit: &Permit,
        id: UserId,
        old: &Secret,
        new: Secret,
    ) -> Result<(), IdentityError> {
        permit.require_user(UPDATE, id)?;
        if permit.actor().user_id() == Some(id) {
            self.check_old_password(id, old).await?;
            chosen::validate(&new)?;
            if new.matches(old) {
                return Err(IdentityError::BadRequest(
                    "New password is identical to old password".to_owned(),
                ));
            }
        } else {
            chosen::validate(&new)?;
        }
        let hash = Arc::new(self.inner.verifier.hash(&new).await?.encode());
        let now = self.now();
        let what = "change the password of";
        self.change_user(permit, id, Operation::Update, what, move |tx, user| {
            let hash = hash.clone();
            Box::pin(async move { Ok(store::set_password(tx, user.id, &hash, now).await?) })
        })
        .await
    }

    /// Guessing is rationed here as it is at the door.
    async fn check_old_password(&self, id: UserId, old: &Secret) -> Result<(), IdentityError> {
        let user = self
            .user_record(id)
            .await?
            .ok_or_else(|| IdentityError::NotFound(format!("user {id} not found")))?;
        let now = self.now();
        let lockout = &self.inner.lockout;
        if !lockout.is_locked(&user.username, now) {
            if self.inner.verifier.verify(&user.password, old).await? {
                return Ok(());
            }
            lockout.lock(&user.username, now);
        }
        Err(IdentityError::Forbidden(
            "Current password is incorrect".to_owned(),
        ))
    }

    /// Sets a user's CLI secret, or generates one where `chosen` is `None`, and gives it back to be
    /// shown once. Tokens made before end. Not one's own with a token, which lasts for minutes where
    /// the secret lasts. Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn set_cli_secret(
        &self,
        permit: &Permit,
        id: UserId,
        chosen: Option<Secret>,
    ) -> Result<Secret, IdentityError> {
        permit.require_user(UPDATE, id)?;
        if permit.actor().user_id() == Some(id) && permit.caller().token_expires.is_some() {
            return Err(IdentityError::Forbidden(
                "a token does not set the secret of its own user: log in with the password"
                    .to_owned(),
            ));
        }
        let (secret, stored) = match chosen {
            Some(secret) => self.inner.verifier.store_chosen(secret).await?,
            None => StoredSecret::generate()?,
        };
        let stored = Arc::new(stored.encode());
        let now = self.now();
        let what = "set the CLI secret of";
        self.change_user(permit, id, Operation::Update, what, move |tx, user| {
            let stored = stored.clone();
            Box::pin(async move { Ok(store::set_cli_secret(tx, user.id, &stored, now).await?) })
        })
        .await?;
        Ok(secret)
    }
}
