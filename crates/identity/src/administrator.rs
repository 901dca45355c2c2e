//! The built-in administrator: made at the first start, reset on the server itself.

use std::sync::Arc;

use seawall_database::{Engine, Timestamp};
use seawall_events::{Operation, Origin, ResourceType};

use crate::audit::{Who, entry};
use crate::secret::chosen;
use crate::user::{ADMIN_ID, store};
use crate::{Actor, Caller, Identity, IdentityError, Secret, UserActor};

impl Identity {
    /// Makes the built-in administrator (`admin`, id 1) with this password if there is none, and
    /// says whether it did. Replicas that start at once agree on one.
    pub async fn ensure_admin(&self, password: &Secret) -> Result<bool, IdentityError> {
        if self.has_admin().await? {
            return Ok(false);
        }
        chosen::validate(password)?;
        let hash = Arc::new(self.inner.verifier.hash(password).await?.encode());
        let now = self.now();
        self.database()
            .write(move |tx| {
                let hash = hash.clone();
                Box::pin(async move {
                    tx.lock("identity/administrator").await?;
                    if store::find(tx, ADMIN_ID).await?.is_some() {
                        return Ok(false);
                    }
                    store::insert_first_users(tx, &hash, now).await?;
                    if tx.engine() == Engine::Postgres {
                        store::reserve_ids(tx).await?;
                    }
                    let entry = entry(
                        Who::System,
                        Operation::Create,
                        ResourceType::User,
                        "admin",
                        now,
                    );
                    seawall_events::record(tx, &entry, None).await?;
                    Ok::<_, IdentityError>(true)
                })
            })
            .await
    }

    /// Whether the built-in administrator exists, so that a first start can be told from others.
    pub async fn has_admin(&self) -> Result<bool, IdentityError> {
        let mut reader = self.database().read().await?;
        Ok(store::find(&mut reader, ADMIN_ID).await?.is_some())
    }

    /// The built-in administrator as a caller, for what the system does on its own at start.
    pub async fn administrator(&self, origin: Origin) -> Result<Caller, IdentityError> {
        let admin = self.user_record(ADMIN_ID).await?.ok_or_else(|| {
            IdentityError::Internal("the built-in administrator does not exist".to_owned())
        })?;
        Ok(Caller::new(
            Actor::User(UserActor {
                id: ADMIN_ID,
                username: admin.username.clone(),
                sysadmin: true,
            }),
            origin,
        ))
    }

    /// Sets a user's password without any permit, for the command on the server itself.
    pub async fn reset_password(&self, username: &str, new: &Secret) -> Result<(), IdentityError> {
        chosen::validate(new)?;
        let hash = Arc::new(self.inner.verifier.hash(new).await?.encode());
        let username: Arc<str> = username.into();
        let now = self.now();
        let caches = self.caches().clone();
        self.database()
            .write(move |tx| {
                let (username, hash, caches) = (username.clone(), hash.clone(), caches.clone());
                Box::pin(async move {
                    let user = store::find_by_name(tx, &username).await?.ok_or_else(|| {
                        IdentityError::NotFound(format!("user {username} not found"))
                    })?;
                    store::set_password(tx, user.id, &hash, now).await?;
                    record_reset(tx, &username, now).await?;
                    tx.after_commit(move || caches.forget_user(user.id));
                    Ok::<_, IdentityError>(())
                })
            })
            .await
    }
}

async fn record_reset(
    tx: &mut seawall_database::Tx,
    username: &str,
    now: Timestamp,
) -> Result<(), IdentityError> {
    let mut entry = entry(
        Who::System,
        Operation::Update,
        ResourceType::User,
        username,
        now,
    );
    entry.operation_description = format!("reset the password of user {username} on the server");
    Ok(seawall_events::record(tx, &entry, None).await?)
}
