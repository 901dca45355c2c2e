//! What is remembered of a user, to log them in and to check their tokens.

use std::sync::Arc;

use seawall_ids::UserId;

use super::store;
use crate::secret::stored::StoredSecret;
use crate::{Identity, IdentityError};

/// A user that is not deleted.
pub(crate) struct UserRecord {
    pub(crate) id: UserId,
    pub(crate) username: Arc<str>,
    pub(crate) sysadmin: bool,
    /// Grows with each change of a secret; a token of an older version is void.
    pub(crate) credentials_version: i64,
    pub(crate) password: Arc<StoredSecret>,
    pub(crate) cli_secret: Option<Arc<StoredSecret>>,
}

impl Identity {
    /// The user, unless there is none or they are deleted.
    pub(crate) async fn user_record(
        &self,
        id: UserId,
    ) -> Result<Option<Arc<UserRecord>>, IdentityError> {
        found(
            self.caches()
                .users
                .get_or_load(&id, async || {
                    let mut reader = self.database().read().await?;
                    let record = store::record(&mut reader, id).await?;
                    record.map(Arc::new).ok_or(Absent::NotThere)
                })
                .await,
        )
    }

    /// Whom `name` (or e-mail address) logs in. Names that do not exist are not remembered.
    pub(crate) async fn user_by_login(
        &self,
        name: &str,
    ) -> Result<Option<Arc<UserRecord>>, IdentityError> {
        let id = found(
            self.caches()
                .logins
                .get_or_load(&name.to_owned(), async || {
                    let mut reader = self.database().read().await?;
                    store::login(&mut reader, name)
                        .await?
                        .ok_or(Absent::NotThere)
                })
                .await,
        )?;
        match id {
            Some(id) => self.user_record(id).await,
            None => Ok(None),
        }
    }
}

/// Why nothing was loaded into a cache: what does not exist is not remembered.
pub(crate) enum Absent {
    NotThere,
    Failed(IdentityError),
}

impl<E: Into<IdentityError>> From<E> for Absent {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) fn found<T>(loaded: Result<T, Absent>) -> Result<Option<T>, IdentityError> {
    match loaded {
        Ok(value) => Ok(Some(value)),
        Err(Absent::NotThere) => Ok(None),
        Err(Absent::Failed(error)) => Err(error),
    }
}
