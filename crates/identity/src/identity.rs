//! The room's front door: one value that everything else hangs on. Its operations stand beside
//! their nouns (`user`, `member`, `robot`, `token`) and in `authorize` and `authenticate`.

use std::sync::Arc;

use seawall_database::Database;
use seawall_events::{Audit, Origin};

use crate::{Caller, IdentityError, IdentitySettings};

/// Users, robots, members and tokens of this process. Clones share it.
#[derive(Clone)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

#[expect(dead_code)]
pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) audit: Audit,
    pub(crate) settings: IdentitySettings,
}

impl Identity {
    /// Opens the room on a migrated database: checks the encryption key, makes the first signing
    /// key if there is none. Replicas that start at once agree.
    pub async fn open(
        database: Database,
        audit: Audit,
        settings: IdentitySettings,
    ) -> Result<Self, IdentityError> {
        Ok(Self {
            inner: Arc::new(Inner {
                database,
                audit,
                settings,
            }),
        })
    }

    /// Makes the built-in administrator (`admin`, id 1) with this password if there is none, and
    /// says whether it did. Replicas that start at once agree on one.
    pub async fn ensure_admin(&self, password: &crate::Secret) -> Result<bool, IdentityError> {
        let _ = password;
        todo!()
    }

    /// Whether the built-in administrator exists, so that a first start can be told from others.
    pub async fn has_admin(&self) -> Result<bool, IdentityError> {
        todo!()
    }

    /// The built-in administrator as a caller, for what the system does on its own at start.
    pub async fn administrator(&self, origin: Origin) -> Result<Caller, IdentityError> {
        let _ = origin;
        todo!()
    }
}
