//! The audit entries of this room: what changes here is recorded in the change's own transaction.
//! No entry ever holds a secret.

use seawall_database::Timestamp;
use seawall_events::{AuditEntry, Operation, Origin, ResourceType};

use crate::{Caller, ProjectRef};

/// Who acts in an audit entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    /// The system itself: a first start, a command on the server.
    System,
    /// Someone who asked.
    Caller(&'a Caller),
}

impl<'a> From<&'a Caller> for Who<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::Caller(caller)
    }
}

/// The entry of a success.
pub(crate) fn entry<'a>(
    who: impl Into<Who<'a>>,
    operation: Operation,
    resource_type: ResourceType,
    resource: &str,
    now: Timestamp,
) -> AuditEntry {
    let (username, origin) = match who.into() {
        Who::System => ("system".to_owned(), Origin::default()),
        Who::Caller(caller) => (caller.username().to_owned(), caller.origin.clone()),
    };
    AuditEntry {
        op_time: now,
        project_id: None,
        project_name: String::new(),
        resource: resource.to_owned(),
        resource_type,
        operation,
        operation_description: format!("{operation} {resource_type}: {resource}"),
        succeeded: true,
        status: if operation == Operation::Create {
            201
        } else {
            200
        },
        username,
        origin,
    }
}

/// The entry of a success in a project.
pub(crate) fn project_entry(
    caller: &Caller,
    operation: Operation,
    resource_type: ResourceType,
    resource: &str,
    project: &ProjectRef,
    now: Timestamp,
) -> AuditEntry {
    AuditEntry {
        project_id: Some(project.id),
        project_name: project.name.clone(),
        ..entry(caller, operation, resource_type, resource, now)
    }
}
