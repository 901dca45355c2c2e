//! [`Registry`]: the handle that surfaces hold. Operations are `impl Registry` blocks
//! in the folder of their noun; here is only what they share.

use std::sync::Arc;

use seawall_content::Content;
use seawall_database::{Database, Timestamp};
use seawall_events::{Audit, AuditEntry, Operation, Origin, ResourceType};
use seawall_identity::{Identity, Permit, ProjectRef};

use crate::RegistrySettings;
use crate::cache::Caches;

/// The registry's domain. Clones share it.
#[derive(Clone)]
pub struct Registry {
    pub(crate) database: Database,
    pub(crate) content: Content,
    pub(crate) identity: Identity,
    pub(crate) audit: Audit,
    pub(crate) settings: Arc<RegistrySettings>,
    pub(crate) caches: Arc<Caches>,
}

impl Registry {
    /// Puts the parts together; it starts nothing and reads nothing.
    pub fn new(
        database: Database,
        content: Content,
        identity: Identity,
        audit: Audit,
        settings: RegistrySettings,
    ) -> Self {
        let caches = Arc::new(Caches::new(database.is_shared(), &settings));
        Self {
            database,
            content,
            identity,
            audit,
            settings: Arc::new(settings),
            caches,
        }
    }

    /// What a deployment chose.
    pub fn settings(&self) -> &RegistrySettings {
        &self.settings
    }
}

/// Who does something, for the audit log; made from a permit before a transaction begins.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) username: String,
    pub(crate) origin: Origin,
}

impl Author {
    pub(crate) fn of(permit: &Permit) -> Self {
        let caller = permit.caller();
        Self {
            username: caller.actor.username().to_owned(),
            origin: caller.origin.clone(),
        }
    }

    /// Something that the registry does by itself, in somebody's name.
    pub(crate) fn system(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            origin: Origin::default(),
        }
    }

    /// The line of the audit log for something done to `resource`.
    pub(crate) fn did(
        &self,
        operation: Operation,
        resource_type: ResourceType,
        resource: impl Into<String>,
        project: Option<&ProjectRef>,
        now: Timestamp,
    ) -> AuditEntry {
        let resource = resource.into();
        AuditEntry {
            op_time: now,
            project_id: project.map(|project| project.id),
            project_name: project
                .map(|project| project.name.clone())
                .unwrap_or_default(),
            operation_description: format!("{operation} {resource_type}: {resource}"),
            resource,
            resource_type,
            operation,
            succeeded: true,
            status: if operation == Operation::Create {
                201
            } else {
                200
            },
            username: self.username.clone(),
            origin: self.origin.clone(),
        }
    }
}
