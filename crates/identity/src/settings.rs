//! What can be set. The defaults are Harbor's.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use seawall_database::Timestamp;

use crate::token::KeySource;

/// Where the time comes from, so that a test can hold it still.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Who may create projects (`project_creation_restriction`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectCreation {
    /// Every user.
    #[default]
    Everyone,
    /// System administrators (`adminonly`).
    AdminOnly,
}

/// The settings of this crate.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// Where the key that encrypts the signing keys comes from.
    pub encryption_key: KeySource,
    /// Who may create projects.
    pub project_creation: ProjectCreation,
    /// Whether anyone may make an account for themselves.
    pub self_registration: bool,
    /// How long a robot's secret is good unless it says otherwise, in days.
    pub robot_token_duration_days: i64,
    /// What every robot's name begins with.
    pub robot_name_prefix: String,
    /// How long a token is good.
    pub token_expiration: Duration,
    /// How long a name is locked after a wrong password.
    pub lockout: Duration,
    /// Passwords verified at once; more wait shortly, then are refused.
    pub verifications_at_once: usize,
    /// How old what is remembered of other replicas' changes may be. Less than the five seconds
    /// within which a disabled account must be out.
    pub coherence: Duration,
    /// Where the time comes from.
    pub clock: Clock,
}

impl IdentitySettings {
    /// Harbor's defaults, with the encryption key from `encryption_key`.
    pub fn new(encryption_key: KeySource) -> Self {
        Self {
            encryption_key,
            project_creation: ProjectCreation::Everyone,
            self_registration: false,
            robot_token_duration_days: 30,
            robot_name_prefix: "robot$".to_owned(),
            token_expiration: Duration::from_mins(30),
            lockout: Duration::from_millis(1500),
            verifications_at_once: std::thread::available_parallelism().map_or(1, usize::from),
            coherence: Duration::from_secs(4),
            clock: Clock::default(),
        }
    }
}
