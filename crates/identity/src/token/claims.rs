//! What a token says: Harbor's claims (`src/core/service/token/authutils.go`) and, of our own,
//! whose it is by id and which project a repository belonged to.

use seawall_ids::{ProjectId, RobotId, UserId};
use serde::{Deserialize, Serialize};

/// Who signs (Harbor's and distribution's).
pub(super) const ISSUER: &str = "harbor-token-issuer";
/// For `/v2`.
pub(super) const REGISTRY_AUDIENCE: &str = "harbor-registry";
/// For `/api` and `/service/token`.
pub(super) const API_AUDIENCE: &str = "seawall-api";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    /// The name, empty for an anonymous caller.
    pub(super) sub: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<Vec<GrantedAccess>>,
}

/// Whose token it is. The version is that of their secrets: a newer one voids the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Account {
    User { id: UserId, version: i64 },
    Robot { id: RobotId, version: i64 },
}

/// What a token grants on one thing (`access` of the token).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedAccess {
    /// `repository` or `registry`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository's name, or `catalog`.
    pub name: String,
    /// What is granted: `pull`, `push`, `delete`, `*`.
    pub actions: Vec<String>,
    /// The repository's project when the token was made: one of the same name that was made later
    /// is another project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
}
