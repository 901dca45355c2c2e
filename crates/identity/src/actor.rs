//! Who asks, and from where. How credentials become a [`Caller`] is in `authenticate`.

use std::sync::Arc;

use seawall_database::Timestamp;
use seawall_events::Origin;
use seawall_ids::{RobotId, UserId};

use crate::Action;
use crate::robot::RobotRights;
use crate::token::Grants;

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody who said who they are, or whose credentials were wrong.
    Anonymous,
    /// A person.
    User(UserActor),
    /// A machine.
    Robot(RobotActor),
}

/// A person who proved who they are.
#[derive(Clone, Debug)]
pub struct UserActor {
    /// The user.
    pub id: UserId,
    /// The name they log in with.
    pub username: Arc<str>,
    /// Whether they administer the system: everything is allowed.
    pub sysadmin: bool,
}

/// A robot account that proved itself.
#[derive(Clone, Debug)]
pub struct RobotActor {
    /// The robot.
    pub id: RobotId,
    /// Its name with the prefix: `robot$ci`, `robot$project+ci`.
    pub full_name: Arc<str>,
    pub(crate) rights: Arc<RobotRights>,
}

impl Actor {
    /// The name to show and to audit; empty for anonymous.
    pub fn username(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::User(user) => &user.username,
            Self::Robot(robot) => &robot.full_name,
        }
    }

    /// Whether they proved who they are.
    pub fn is_authenticated(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    /// Whether this is a user with the system administrator flag. Never true for a robot.
    pub fn is_sysadmin(&self) -> bool {
        matches!(self, Self::User(user) if user.sysadmin)
    }

    /// The user's id, if this is a user.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user.id),
            Self::Anonymous | Self::Robot(_) => None,
        }
    }
}

/// Who asks, from where, and (with a registry token) within which bounds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who asks.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// What their registry token granted: an upper bound on top of what the actor may do now.
    pub(crate) grants: Option<Arc<Grants>>,
    /// When the token ends that they came with; none for a password or secret.
    pub(crate) token_expires: Option<Timestamp>,
}

impl Caller {
    /// A caller whose rights are the actor's.
    pub fn new(actor: Actor, origin: Origin) -> Self {
        Self {
            actor,
            origin,
            grants: None,
            token_expires: None,
        }
    }

    /// A caller who said nothing about themselves.
    pub fn anonymous(origin: Origin) -> Self {
        Self::new(Actor::Anonymous, origin)
    }

    /// The actor's name; empty for anonymous.
    pub fn username(&self) -> &str {
        self.actor.username()
    }

    /// Whether this caller came with a registry token (`Authorization: Bearer` on `/v2`).
    pub fn has_registry_token(&self) -> bool {
        self.grants.is_some()
    }

    /// The repositories that this caller's registry token names for `action`; none without a
    /// token. Whether the actor may do it is asked by `authorize`, as ever.
    pub fn token_repositories(&self, action: Action) -> impl Iterator<Item = &str> {
        let grants = self.grants.iter();
        grants.flat_map(move |grants| grants.repositories(action))
    }
}
