//! Reading the audit log, for Harbor's `/audit-logs`, `/auditlog-exts`, `/projects/{p}/logs` and
//! `/projects/{p}/auditlog-exts`, which all read one table.

use seawall_database::query::ListQuery;
use seawall_database::{DatabaseError, Timestamp, Tx};
use seawall_ids::{AuditLogId, ProjectId};

/// Which lines a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// All of them: system administrators.
    All,
    /// Those of these projects.
    Projects(Vec<ProjectId>),
}

/// A line of the audit log as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLog {
    /// Its id.
    pub id: AuditLogId,
    /// When.
    pub op_time: Timestamp,
    /// The project, if it concerns one.
    pub project_id: Option<ProjectId>,
    /// That project's name at the time.
    pub project_name: String,
    /// What was acted on.
    pub resource: String,
    /// The kind of thing that is.
    pub resource_type: String,
    /// What was done.
    pub operation: String,
    /// A sentence for people.
    pub operation_description: String,
    /// Whether it was done.
    pub operation_result: bool,
    /// The HTTP status that the client got.
    pub status: u16,
    /// Who.
    pub username: String,
    /// The address of the client, empty if there was none.
    pub client_address: String,
    /// The client's `User-Agent`.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
}

/// A page of the audit log, newest first unless `query` sorts otherwise, and the number of lines
/// on all pages.
pub async fn list(
    tx: &mut Tx,
    visible: &Visible,
    query: &ListQuery,
) -> Result<(Vec<AuditLog>, i64), DatabaseError> {
    let _ = (tx, visible, query);
    todo!()
}

/// The event types of `/auditlog-exts/events`, in Harbor's order.
pub const EVENT_TYPES: &[&str] = &[
    "create_artifact",
    "delete_artifact",
    "pull_artifact",
    "create_project",
    "delete_project",
    "delete_repository",
    "login_user",
    "logout_user",
    "create_user",
    "delete_user",
    "update_user",
    "create_robot",
    "delete_robot",
    "update_configuration",
    "create_member",
    "delete_member",
    "update_member",
    "update_project",
];
