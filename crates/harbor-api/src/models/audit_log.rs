//! Audit log entries. Operations: `handlers/audit_logs.rs`.

use seawall_database::Timestamp;
use serde::Serialize;

/// Harbor's `AuditLog`.
#[derive(Clone, Debug, Serialize)]
pub struct AuditLog {
    /// Its id.
    pub id: i64,
    /// Who did it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// On what.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// On what kind of thing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_type: String,
    /// What.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation: String,
    /// When.
    pub op_time: Timestamp,
}

/// Harbor's `AuditLogExt`, and beside it where the caller came from and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct AuditLogExtended {
    /// What Harbor's older form has too.
    #[serde(flatten)]
    pub entry: AuditLog,
    /// In words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation_description: String,
    /// Whether it succeeded.
    pub operation_result: bool,
    /// The address that the request came from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_address: String,
    /// The program that sent it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// The request's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// The status that was answered.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub status: i64,
}

/// Harbor's `AuditLogEventType`.
#[derive(Clone, Debug, Serialize)]
pub struct AuditLogEventType {
    /// For example `create_project`.
    pub event_type: &'static str,
}
