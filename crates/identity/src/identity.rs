//! The room's front door: one value that everything else hangs on, and what it remembers. Its
//! operations stand beside their nouns (`user`, `member`, `robot`, `token`), in `authorize`,
//! `authenticate` and `administrator`.

use std::collections::HashMap;
use std::sync::Arc;

use seawall_database::cache::{Coherence, Coherent};
use seawall_database::{Database, Timestamp};
use seawall_events::Audit;
use seawall_ids::{ProjectId, RobotId, UserId};

use crate::robot::RobotRecord;
use crate::secret::lockout::Lockout;
use crate::secret::verifier::Verifier;
use crate::token::keys::KeyRing;
use crate::token::verify::VerifiedTokens;
use crate::user::UserRecord;
use crate::{IdentityError, IdentitySettings, Role, token};

/// Users, robots, members and tokens of this process. Clones share it.
#[derive(Clone)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

/// A user's roles, by project.
pub(crate) type Roles = Arc<HashMap<ProjectId, Role>>;

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) audit: Audit,
    pub(crate) settings: IdentitySettings,
    pub(crate) verifier: Verifier,
    pub(crate) lockout: Lockout,
    pub(crate) keys: KeyRing,
    pub(crate) tokens: VerifiedTokens,
    pub(crate) caches: Arc<Caches>,
}

/// What is remembered of the database. Whatever changes a row tells it, after the commit.
pub(crate) struct Caches {
    /// Users that are not deleted, by id.
    pub(crate) users: Coherent<UserId, Arc<UserRecord>>,
    /// Whom a name or e-mail address logs in.
    pub(crate) logins: Coherent<String, UserId>,
    /// The roles of a user.
    pub(crate) roles: Coherent<UserId, Roles>,
    /// Robots, by id.
    pub(crate) robots: Coherent<RobotId, Arc<RobotRecord>>,
    /// Which robot logs in under a name, without the prefix.
    pub(crate) robot_names: Coherent<String, RobotId>,
}

/// Entries of each cache.
const REMEMBERED: usize = 10_000;

impl Caches {
    fn new(coherence: Coherence) -> Self {
        Self {
            users: Coherent::new(coherence, REMEMBERED),
            logins: Coherent::new(coherence, REMEMBERED),
            roles: Coherent::new(coherence, REMEMBERED),
            robots: Coherent::new(coherence, REMEMBERED),
            robot_names: Coherent::new(coherence, REMEMBERED),
        }
    }

    /// A user was changed, renamed or deleted.
    pub(crate) fn forget_user(&self, user: UserId) {
        self.users.invalidate(&user);
        // By which names and addresses the user was known is not kept; changes are rare.
        self.logins.clear();
    }

    /// A robot was changed or deleted.
    pub(crate) fn forget_robot(&self, robot: RobotId, name: &str) {
        self.robots.invalidate(&robot);
        self.robot_names.invalidate(&name.to_owned());
    }
}

impl Identity {
    /// Opens the room on a migrated database: checks that the encryption key fits, makes the first
    /// signing key if there is none. Replicas that start at once agree.
    pub async fn open(
        database: Database,
        audit: Audit,
        settings: IdentitySettings,
    ) -> Result<Self, IdentityError> {
        let keys = token::keys::open(&database, &settings).await?;
        let coherence = if database.is_shared() {
            Coherence::Shared(settings.coherence)
        } else {
            Coherence::Exclusive
        };
        Ok(Self {
            inner: Arc::new(Inner {
                verifier: Verifier::new(settings.verifications_at_once)?,
                lockout: Lockout::new(settings.lockout),
                tokens: VerifiedTokens::new(),
                caches: Arc::new(Caches::new(coherence)),
                database,
                audit,
                settings,
                keys,
            }),
        })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn caches(&self) -> &Arc<Caches> {
        &self.inner.caches
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.settings.clock.now()
    }
}
