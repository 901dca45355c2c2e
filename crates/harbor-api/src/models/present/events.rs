//! The lines of the audit log, in Harbor's older form and in the newer one.

use seawall_events::audit_logs;

use crate::models::audit_log::{AuditLog, AuditLogExtended};

impl From<audit_logs::AuditLog> for AuditLog {
    fn from(line: audit_logs::AuditLog) -> Self {
        Self {
            id: line.id.0,
            username: line.username,
            resource: line.resource,
            resource_type: line.resource_type,
            operation: line.operation,
            op_time: line.op_time,
        }
    }
}

impl From<audit_logs::AuditLog> for AuditLogExtended {
    fn from(line: audit_logs::AuditLog) -> Self {
        Self {
            operation_description: line.operation_description.clone(),
            operation_result: line.operation_result,
            client_address: line.client_address.clone(),
            user_agent: line.user_agent.clone(),
            request_id: line.request_id.clone(),
            status: i64::from(line.status),
            entry: line.into(),
        }
    }
}
