//! Who someone is, and what they may do: users, robots, members, roles, permissions, secrets and
//! tokens. It knows projects only by id and name, and no HTTP.
//!
//! - A request's credentials become a [`Caller`]: [`Identity::authenticate`].
//! - A caller's wish becomes a [`Permit`]: [`Identity::authorize`], the only maker of permits.
//! - Who has which permission in a project is one table: [`matrix`].
//!
//! Where to look next: `authenticate` (the chain of credentials), `authorize` (scopes, permits),
//! `permission` (roles, matrix, the robots' catalogue), `user`, `member`, `robot`, `token`
//! (JWTs and the keys that sign them), `secret` (hashing, lock-out).

mod actor;
mod administrator;
mod audit;
mod authenticate;
mod authorize;
mod error;
mod identity;
pub mod member;
mod permission;
mod robot;
mod secret;
mod settings;
mod token;
mod user;

use seawall_database::Migration;

pub use actor::{Actor, Caller, RobotActor, UserActor};
pub use authenticate::{AuthError, Realm};
pub use authorize::{Denied, Permit, ProjectAccess, ProjectRef, Scope, WrongPermit};
pub use error::IdentityError;
pub use identity::Identity;
pub use member::{Member, MemberCounts, MemberUser, NewMember};
pub use permission::{Action, Catalogue, Permission, Resource, Role, catalogue, matrix};
pub use robot::{
    CreatedRobot, Namespace, NewRobot, RequestedPermission, Robot, RobotHome, RobotLevel,
    RobotPermission, RobotUpdate,
};
pub use secret::Secret;
pub use settings::{Clock, IdentitySettings, ProjectCreation};
pub use token::{EncryptionKey, GrantedAccess, IssuedToken, KeySource, TokenScope};
pub use user::{ADMIN_ID, NewUser, User, UserProfile, UserSearchItem};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "identity/0001_users_members_robots_keys",
    sql: include_str!("../migrations/0001_users_members_robots_keys.sql"),
}];

/// Every fixed statement of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static str> {
    [
        user::store::STATEMENTS,
        member::store::STATEMENTS,
        robot::store::STATEMENTS,
        token::store::STATEMENTS,
    ]
    .concat()
}

/// One page of a list, and how many there are on all pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Rows on all pages: `X-Total-Count`.
    pub total: i64,
}
