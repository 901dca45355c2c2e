//! Robot accounts. Operations: `handlers/robots.rs`.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_zero;
use super::user::Secret;

/// Harbor's `RobotCreate` and `Robot`, as they are sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RobotRequest {
    /// The short name of a new robot; the full one of a robot that is changed.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// A chosen secret of a new robot; one is generated without.
    pub secret: Option<Secret>,
    /// `system` or `project`.
    pub level: Option<String>,
    /// Whether it is switched off.
    pub disable: Option<bool>,
    /// Days that it lives from its creation on, -1 for ever.
    pub duration: Option<i64>,
    /// What it may do.
    pub permissions: Option<Vec<RobotPermission>>,
}

/// Harbor's `RobotSec`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RobotSecretRequest {
    /// The secret to be; empty or absent for a generated one.
    pub secret: Option<Secret>,
}

/// Harbor's `RobotPermission`: what a robot may do in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotPermission {
    /// `system` or `project`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `/` for the system, a project's name, or `*` for every project.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// What it may do there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<Access>,
}

/// Harbor's `Access`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// On what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// What.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// `allow`, which is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

/// Harbor's `Robot`. The secret is not there: it is shown once, when it is made.
#[derive(Clone, Debug, Serialize)]
pub struct Robot {
    /// Its id.
    pub id: i64,
    /// The full name, to log in with.
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `system` or `project`.
    pub level: String,
    /// Days that it lives, -1 for ever.
    #[serde(skip_serializing_if = "is_zero")]
    pub duration: i64,
    /// Whether it can be changed.
    pub editable: bool,
    /// Whether it is switched off.
    pub disable: bool,
    /// Seconds since the epoch, -1 for never.
    #[serde(skip_serializing_if = "is_zero")]
    pub expires_at: i64,
    /// What it may do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<RobotPermission>,
    /// `local` for users, `robot` for robots.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub creator_type: String,
    /// The id of who made it.
    #[serde(skip_serializing_if = "is_zero")]
    pub creator_ref: i64,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
}

/// Harbor's `RobotCreated`.
#[derive(Clone, Serialize)]
pub struct RobotCreated {
    /// Its id.
    pub id: i64,
    /// The full name, to log in with.
    pub name: String,
    /// The secret, shown this once.
    pub secret: String,
    /// When it was created.
    pub creation_time: Timestamp,
    /// Seconds since the epoch, -1 for never.
    pub expires_at: i64,
}

/// Harbor's `RobotSec`: a generated secret, shown this once, or nothing when the caller chose it.
#[derive(Clone, Default, Serialize)]
pub struct RobotSecret {
    /// The secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub secret: String,
}
