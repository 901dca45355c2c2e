//! Projects, their settings, allowlists and figures. Operations: `handlers/projects.rs`, `handlers/metadata.rs`.

use std::collections::BTreeMap;

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_zero;

/// Harbor's `ProjectReq`: a project to create, or changes of one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProjectRequest {
    /// The name; at most 255 characters.
    pub project_name: Option<String>,
    /// The legacy switch beside `metadata.public`.
    pub public: Option<bool>,
    /// Settings; every value is text.
    pub metadata: Option<BTreeMap<String, Option<String>>>,
    /// The list of vulnerabilities that do not count.
    pub cve_allowlist: Option<CveAllowlistRequest>,
    /// Bytes that the project may hold, -1 for no limit.
    pub storage_limit: Option<i64>,
    /// The upstream of a proxy project.
    pub registry_id: Option<i64>,
}

/// Harbor's `CVEAllowlist`, as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CveAllowlistRequest {
    /// The entries.
    pub items: Option<Vec<CveAllowlistItem>>,
    /// Seconds since the epoch; absent for never.
    pub expires_at: Option<i64>,
}

/// An entry of an allowlist.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CveAllowlistItem {
    /// For example `CVE-2026-1234`.
    #[serde(default)]
    pub cve_id: String,
}

/// Harbor's `Project`.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    /// Its id.
    pub project_id: i64,
    /// The owner's user id.
    #[serde(skip_serializing_if = "is_zero")]
    pub owner_id: i64,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// The owner's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner_name: String,
    /// The caller's strongest role.
    #[serde(skip_serializing_if = "is_zero")]
    pub current_user_role_id: i64,
    /// The caller's roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub current_user_role_ids: Vec<i64>,
    /// Number of repositories.
    pub repo_count: i64,
    /// Settings.
    pub metadata: BTreeMap<String, String>,
    /// The list of vulnerabilities that do not count; only with details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cve_allowlist: Option<CveAllowlist>,
}

/// Harbor's `CVEAllowlist`.
#[derive(Clone, Debug, Serialize)]
pub struct CveAllowlist {
    /// The list's id: that of its project, which has one list.
    pub id: i64,
    /// The project.
    pub project_id: i64,
    /// Seconds since the epoch; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The entries.
    pub items: Vec<CveAllowlistItem>,
    /// When it was first set.
    pub creation_time: Timestamp,
    /// When it was last set.
    pub update_time: Timestamp,
}

/// Harbor's `ProjectDeletable`.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectDeletable {
    /// Whether it can be deleted.
    #[serde(skip_serializing_if = "super::is_false")]
    pub deletable: bool,
    /// What stands in the way.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Harbor's `ProjectSummary`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProjectSummary {
    /// Number of repositories.
    pub repo_count: i64,
    /// Members of role 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub project_admin_count: i64,
    /// Members of role 4.
    #[serde(skip_serializing_if = "is_zero")]
    pub maintainer_count: i64,
    /// Members of role 2.
    #[serde(skip_serializing_if = "is_zero")]
    pub developer_count: i64,
    /// Members of role 3.
    #[serde(skip_serializing_if = "is_zero")]
    pub guest_count: i64,
    /// Members of role 5.
    #[serde(skip_serializing_if = "is_zero")]
    pub limited_guest_count: i64,
    /// Storage allowed and used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<ProjectSummaryQuota>,
}

/// Harbor's `ProjectSummaryQuota`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ProjectSummaryQuota {
    /// What is allowed.
    pub hard: super::quota::ResourceList,
    /// What is used.
    pub used: super::quota::ResourceList,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_leaves_zero_values_out() {
        let project = Project {
            project_id: 7,
            owner_id: 1,
            name: "team".into(),
            creation_time: Timestamp(1_000_000),
            update_time: Timestamp(0),
            owner_name: "admin".into(),
            current_user_role_id: 0,
            current_user_role_ids: Vec::new(),
            repo_count: 0,
            metadata: BTreeMap::from([("public".into(), "false".into())]),
            cve_allowlist: None,
        };
        assert_eq!(
            serde_json::to_string(&project).unwrap(),
            "{\"project_id\":7,\"owner_id\":1,\"name\":\"team\",\"creation_time\":\"1970-01-01T00:00:01.000Z\",\
             \"update_time\":\"0001-01-01T00:00:00.000Z\",\"owner_name\":\"admin\",\"repo_count\":0,\
             \"metadata\":{\"public\":\"false\"}}"
        );
    }

    #[test]
    fn null_and_absent_are_the_same() {
        let request: ProjectRequest = serde_json::from_str(
            "{\"project_name\":\"a\",\"public\":null,\"metadata\":{\"public\":null},\"new\":1}",
        )
        .unwrap();
        assert_eq!(request.project_name.as_deref(), Some("a"));
        assert_eq!(request.public, None);
        assert!(
            serde_json::from_str::<ProjectRequest>("{\"metadata\":{\"public\":true}}").is_err()
        );
    }
}
