//! Users and what they may do. Operations: `handlers/users.rs`, `handlers/permissions.rs`.

use std::fmt;

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

/// A password or secret that a request brought: it is never printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Harbor's `UserCreationReq`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UserRequest {
    /// At most 255 characters.
    pub email: Option<String>,
    /// The name for people.
    pub realname: Option<String>,
    /// Anything.
    pub comment: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// At most 255 characters.
    pub username: Option<String>,
}

/// Harbor's `UserProfile`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProfileRequest {
    /// The address.
    pub email: Option<String>,
    /// The name for people.
    pub realname: Option<String>,
    /// Anything.
    pub comment: Option<String>,
}

/// Harbor's `UserSysAdminFlag`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AdministratorRequest {
    /// Whether the user is to be an administrator.
    pub sysadmin_flag: Option<bool>,
}

/// Harbor's `PasswordReq`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PasswordRequest {
    /// The present password, of someone who changes their own.
    pub old_password: Option<Secret>,
    /// The password to be.
    pub new_password: Option<Secret>,
}

/// Harbor's `OIDCCliSecretReq`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CliSecretRequest {
    /// The secret to be; empty or absent for a generated one.
    pub secret: Option<Secret>,
}

/// A CLI secret that was generated, shown this once.
#[derive(Clone, Serialize)]
pub struct CliSecret {
    /// The secret.
    pub secret: String,
}

/// Harbor's `UserResp`.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// The address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// The name for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub realname: String,
    /// Anything.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The id.
    pub user_id: i64,
    /// The name to log in with.
    pub username: String,
    /// Whether the user is an administrator.
    pub sysadmin_flag: bool,
    /// Whether the directory makes the user an administrator; never of local users.
    pub admin_role_in_auth: bool,
    /// When the user was created.
    pub creation_time: Timestamp,
    /// When the user was last changed.
    pub update_time: Timestamp,
}

/// Harbor's `UserSearchRespItem`.
#[derive(Clone, Debug, Serialize)]
pub struct UserSearchItem {
    /// The id.
    pub user_id: i64,
    /// The name to log in with.
    pub username: String,
}

/// Harbor's `Permission`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// On what.
    pub resource: String,
    /// What.
    pub action: String,
}

/// A short-lived token for the API.
#[derive(Clone, Serialize)]
pub struct ApiToken {
    /// To be sent as `Authorization: Bearer`.
    pub token: String,
    /// The same, for clients that look for this name.
    pub access_token: String,
    /// Seconds that it holds.
    pub expires_in: u64,
    /// When it was made.
    pub issued_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_printed() {
        let request: UserRequest = serde_json::from_str("{\"password\":\"Topsecret1\"}").unwrap();
        assert!(!format!("{request:?}").contains("Topsecret1"));
    }

    #[test]
    fn a_user_says_whether_they_administer() {
        let user = User {
            email: String::new(),
            realname: String::new(),
            comment: String::new(),
            user_id: 3,
            username: "ann".into(),
            sysadmin_flag: false,
            admin_role_in_auth: false,
            creation_time: Timestamp(0),
            update_time: Timestamp(0),
        };
        assert_eq!(
            serde_json::to_string(&user).unwrap(),
            "{\"user_id\":3,\"username\":\"ann\",\"sysadmin_flag\":false,\"admin_role_in_auth\":false,\
             \"creation_time\":\"0001-01-01T00:00:00.000Z\",\"update_time\":\"0001-01-01T00:00:00.000Z\"}"
        );
    }
}
