//! Reading the audit log, for Harbor's `/audit-logs`, `/auditlog-exts`, `/projects/{p}/logs` and
//! `/projects/{p}/auditlog-exts`, which all read one table.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{DatabaseError, SqlBuilder, Timestamp, Tx, Value};
use seawall_ids::{AuditLogId, ProjectId};

use crate::store;

/// Which lines a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// All of them: system administrators.
    All,
    /// Those of every project, and none of what concerns the system: logins, users, keys.
    EveryProject,
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

const fn field(key: &'static str, kind: FieldKind) -> Field {
    Field {
        key,
        column: key,
        kind,
    }
}

/// Harbor's keys and ours. `op_result` is what its column is called.
const FIELDS: &[Field] = &[
    field("id", FieldKind::Integer),
    field("op_time", FieldKind::Time),
    field("project_id", FieldKind::Integer),
    field("project_name", FieldKind::Text),
    field("resource", FieldKind::Text),
    field("resource_type", FieldKind::Text),
    field("operation", FieldKind::Text),
    field("operation_description", FieldKind::Text),
    field("operation_result", FieldKind::Boolean),
    Field {
        key: "op_result",
        column: "operation_result",
        kind: FieldKind::Boolean,
    },
    field("status", FieldKind::Integer),
    field("username", FieldKind::Text),
    field("client_address", FieldKind::Text),
    field("user_agent", FieldKind::Text),
    field("request_id", FieldKind::Text),
];

/// A page of the audit log, newest first unless `query` sorts otherwise, and the number of lines
/// on all pages. Where `query` asks for everything, use [`count`], and [`lines`] in batches.
pub async fn list(
    tx: &mut Tx,
    visible: &Visible,
    query: &ListQuery,
) -> Result<(Vec<AuditLog>, i64), DatabaseError> {
    let total = count(tx, visible, query).await?;
    let (sql, params) = page(visible, query).build();
    Ok((tx.fetch_all(sql, params).await?, total))
}

/// The number of lines that [`list`] has on all pages.
pub async fn count(
    tx: &mut Tx,
    visible: &Visible,
    query: &ListQuery,
) -> Result<i64, DatabaseError> {
    let (sql, params) = select(store::COUNT_LINES, visible, query).build();
    tx.fetch_one(sql, params).await
}

/// The lines of [`list`] without their number, for a list that is read in batches.
pub async fn lines(
    tx: &mut Tx,
    visible: &Visible,
    query: &ListQuery,
) -> Result<Vec<AuditLog>, DatabaseError> {
    let (sql, params) = page(visible, query).build();
    tx.fetch_all(sql, params).await
}

fn page(visible: &Visible, query: &ListQuery) -> SqlBuilder {
    let mut sql = select(store::SELECT_LINES, visible, query);
    sql.order(query, FIELDS, "op_time DESC, id DESC")
        .limit(query);
    sql
}

fn select(head: &'static str, visible: &Visible, query: &ListQuery) -> SqlBuilder {
    let mut sql = SqlBuilder::new(head);
    match visible {
        Visible::All => {}
        Visible::EveryProject => {
            sql.push(" AND project_id IS NOT NULL");
        }
        // The index on the project then gives the order too.
        Visible::Projects(projects) if projects.len() == 1 => {
            sql.push(" AND project_id = ").bind(projects[0]);
        }
        Visible::Projects(projects) => {
            sql.push(" AND project_id IN (SELECT CAST(value AS BIGINT) FROM json_each(")
                .bind(Value::list(projects))
                .push("))");
        }
    }
    sql.filters(query, FIELDS);
    sql
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
