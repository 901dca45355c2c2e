//! Jobs that really run: a job store on the database of the test, an engine, executions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use seawall_content::collection::CollectionSettings;
use seawall_content::{Content, ContentSettings};
use seawall_database::Database;
use seawall_jobs::log::{JobLogs, Level, LogTarget};
use seawall_jobs::{Clock, Engine, JobStore, JobType, Running, SqlStore};
use seawall_maintenance::{Maintenance, MaintenanceSettings};
use seawall_registry::Registry;
use seawall_tasks::{Background, Tasks, TasksSettings};
use serde_json::Value;

use super::{ADMIN, Harbor};

/// A type of job that goes on until it is stopped.
pub const PATIENT: &str = "PATIENT";

pub struct Jobs {
    pub store: Arc<dyn JobStore>,
    pub maintenance: Maintenance,
    _engine: Running,
    _background: Background,
}

/// What was pushed is garbage at once.
pub fn content_settings() -> ContentSettings {
    ContentSettings {
        lease: Duration::from_millis(50),
        ..ContentSettings::default()
    }
}

impl Jobs {
    pub async fn start(
        database: &Database,
        registry: &Registry,
        content: &Content,
        folder: &Path,
    ) -> Self {
        let store: Arc<dyn JobStore> = Arc::new(
            SqlStore::open(database.clone(), Clock::Store)
                .await
                .unwrap(),
        );
        let logs = folder.join("job-logs");
        std::fs::create_dir(&logs).unwrap();
        let logs = LogTarget::Folder(logs);
        let logs = JobLogs::new().with(logs, Level::Info);
        let tasks = Tasks::new(
            database.clone(),
            Arc::clone(&store),
            TasksSettings::default(),
        );
        let settings = MaintenanceSettings {
            collection: CollectionSettings {
                time_window: Duration::ZERO,
                trash_grace: Duration::ZERO,
                ..CollectionSettings::default()
            },
            ..MaintenanceSettings::default()
        };
        let maintenance = Maintenance::new(
            tasks.clone(),
            registry.clone(),
            content.clone(),
            logs.clone(),
            settings,
        );
        let patient = JobType::new(PATIENT, |context| async move {
            context.log.info("waiting to be stopped");
            context.cancelled.cancelled().await;
            Ok(())
        });
        let mut engine = Engine::builder(Arc::clone(&store))
            .workers(3)
            .logs(logs)
            .pool("pool-of-tests")
            .receiver(seawall_tasks::RECEIVER, tasks.receiver())
            .register(patient);
        for job_type in maintenance.job_types() {
            engine = engine.register(job_type);
        }
        maintenance.prepare().await.unwrap();
        Self {
            _engine: engine.start().await.unwrap(),
            _background: tasks.start(),
            store,
            maintenance,
        }
    }
}

impl Harbor {
    /// Waits until the execution below `path` has ended, and gives it.
    pub async fn ended(&self, path: &str, id: i64) -> Value {
        for _ in 0..1500 {
            let found = self.get(ADMIN, &format!("{path}/{id}")).await.status(200);
            let found = found.json();
            if found["job_status"] != "Running" {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("execution {id} does not end");
    }
}
