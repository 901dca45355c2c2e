//! [`Maintenance`]: the handle that surfaces and programs hold. Operations are `impl Maintenance`
//! blocks beside; here is only what they share.

use std::fmt;
use std::sync::Arc;

use seawall_content::Content;
use seawall_content::collection::{CollectionSettings, ScrubSettings};
use seawall_database::{BoxFuture, Database, Timestamp, Tx};
use seawall_events::{AuditEntry, Operation, Origin, ResourceType};
use seawall_identity::Permit;
use seawall_jobs::log::JobLogs;
use seawall_registry::Registry;
use seawall_tasks::Tasks;

use crate::MaintenanceError;

/// What a deployment chose.
#[derive(Clone, Debug)]
pub struct MaintenanceSettings {
    /// Whether garbage is collected each day unless somebody chose another schedule.
    pub collect_daily: bool,
    /// How, where a run does not say otherwise.
    pub collection: CollectionSettings,
    /// Whether storage and database are compared each week.
    pub scrub_weekly: bool,
    /// How.
    pub scrub: ScrubSettings,
    /// The most of a job's log that is shown, in bytes: its end.
    pub most_log_bytes: u64,
}

impl Default for MaintenanceSettings {
    fn default() -> Self {
        Self {
            collect_daily: true,
            collection: CollectionSettings::default(),
            scrub_weekly: true,
            scrub: ScrubSettings::default(),
            most_log_bytes: 10 << 20,
        }
    }
}

/// What keeps a registry in order. Clones share it.
#[derive(Clone)]
pub struct Maintenance {
    pub(crate) tasks: Tasks,
    pub(crate) registry: Registry,
    pub(crate) content: Content,
    pub(crate) logs: JobLogs,
    pub(crate) settings: Arc<MaintenanceSettings>,
}

impl fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maintenance").finish_non_exhaustive()
    }
}

impl Maintenance {
    /// Puts the parts together; it starts nothing and reads nothing.
    pub fn new(
        tasks: Tasks,
        registry: Registry,
        content: Content,
        logs: JobLogs,
        settings: MaintenanceSettings,
    ) -> Self {
        Self {
            tasks,
            registry,
            content,
            logs,
            settings: Arc::new(settings),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        self.tasks.database()
    }

    /// Runs `operation` in one transaction.
    pub(crate) async fn write<T, F>(&self, operation: F) -> Result<T, MaintenanceError>
    where
        F: for<'t> Fn(&'t Tasks, &'t mut Tx) -> BoxFuture<'t, Result<T, MaintenanceError>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let (tasks, operation) = (self.tasks.clone(), Arc::new(operation));
        self.database()
            .write(move |tx| {
                let (tasks, operation) = (tasks.clone(), Arc::clone(&operation));
                Box::pin(async move { operation(&tasks, tx).await })
            })
            .await
    }
}

/// Who does something, for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    username: String,
    origin: Origin,
}

impl Author {
    pub(crate) fn of(permit: &Permit) -> Self {
        let caller = permit.caller();
        Self {
            username: caller.actor.username().to_owned(),
            origin: caller.origin.clone(),
        }
    }

    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Writes the line of the audit log for something that was done.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        operation: Operation,
        resource_type: ResourceType,
        resource: String,
        description: String,
    ) -> Result<(), MaintenanceError> {
        let entry = AuditEntry {
            op_time: Timestamp::now(),
            project_id: None,
            project_name: String::new(),
            resource,
            resource_type,
            operation,
            operation_description: description,
            succeeded: true,
            status: if operation == Operation::Create {
                201
            } else {
                200
            },
            username: self.username.clone(),
            origin: self.origin.clone(),
        };
        Ok(seawall_events::record(tx, &entry, None).await?)
    }
}
