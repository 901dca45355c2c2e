//! Members of projects. Operations: `handlers/members.rs`.

use serde::{Deserialize, Serialize};

/// Harbor's `ProjectMember`: a member to add.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MemberRequest {
    /// The role, 1 to 5.
    pub role_id: Option<i64>,
    /// Who, when it is a user.
    pub member_user: Option<UserEntity>,
    /// Who, when it is a group.
    pub member_group: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Harbor's `UserEntity`: a user by id or by name.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UserEntity {
    /// The id.
    pub user_id: Option<i64>,
    /// The name.
    pub username: Option<String>,
}

/// Harbor's `RoleRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RoleRequest {
    /// The role, 1 to 5.
    pub role_id: Option<i64>,
}

/// Harbor's `ProjectMemberEntity`.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// The membership's id.
    pub id: i64,
    /// The project.
    pub project_id: i64,
    /// The user's name.
    pub entity_name: String,
    /// The role's name.
    pub role_name: String,
    /// The role.
    pub role_id: i64,
    /// The user's id.
    pub entity_id: i64,
    /// `u` for a user.
    pub entity_type: &'static str,
}
