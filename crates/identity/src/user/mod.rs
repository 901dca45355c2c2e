//! Users: people who log in. Their rows are `store`, what is done to them `operations`, their
//! secrets `credentials`, what they may look like `grammar`, what is remembered of them `record`.

mod credentials;
mod grammar;
mod operations;
mod record;
pub(crate) mod store;

use seawall_database::Timestamp;
use seawall_ids::UserId;

use crate::Secret;

pub(crate) use record::{Absent, UserRecord, found};

/// The built-in administrator. Id 2 stands for anonymous; the first user made gets 3.
pub const ADMIN_ID: UserId = UserId(1);

/// A user, without what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name to log in with.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The person's name.
    pub realname: String,
    /// A remark.
    pub comment: String,
    /// Whether they administer the system.
    pub sysadmin: bool,
    /// When the user was made.
    pub creation_time: Timestamp,
    /// When the user was last changed.
    pub update_time: Timestamp,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to log in with: 1 to 255 characters, none of `,"~#%$`.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The person's name.
    pub realname: String,
    /// A remark of at most 30 characters.
    pub comment: String,
    /// The password: 8 to 128 characters with upper case, lower case and digit.
    pub password: Secret,
}

/// What users may change about themselves.
#[derive(Clone, Debug)]
pub struct UserProfile {
    /// The e-mail address.
    pub email: String,
    /// The person's name.
    pub realname: String,
    /// A remark of at most 30 characters.
    pub comment: String,
}

/// A user as anyone logged in may find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSearchItem {
    /// The id.
    pub id: UserId,
    /// The name to log in with.
    pub username: String,
}
