//! The rooms that jobs need, on top of the others.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use seawall_database::{Database, DatabaseSettings, DatabaseUrl};
use seawall_jobs::log::{JobLogs, Level, LogTarget};
use seawall_jobs::{Clock, Engine, EngineBuilder, JobStore, RedisOptions, RedisStore, SqlStore};
use seawall_maintenance::Maintenance;
use seawall_settings::Settings;
use seawall_tasks::{Tasks, TasksSettings};

use crate::{Rooms, settings as part_settings};

/// What is needed to launch jobs, and to run them.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// Where the jobs are.
    pub store: Arc<dyn JobStore>,
    /// What they write.
    pub logs: JobLogs,
    /// What was asked for.
    pub tasks: Tasks,
    /// The jobs that a registry runs.
    pub maintenance: Maintenance,
    /// The database of the jobs, where they have one of their own.
    own_database: Option<Database>,
}

/// The job store: on Redis if the settings name one, else in a PostgreSQL database, else in a file
/// of its own. With it the database that the caller is to close, if there is one.
///
/// A Redis that cannot be reached now is no error: pushes and pulls need none, and jobs wait for it.
///
/// # Errors
/// When it cannot be opened.
pub async fn job_store(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<(Arc<dyn JobStore>, Option<Database>)> {
    if let Some(url) = &settings.jobs.redis_url {
        let options = RedisOptions::new(url.reveal(), &settings.jobs.redis_namespace);
        let store = RedisStore::new(options).context("jobs.redis_url")?;
        return Ok((Arc::new(store), None));
    }
    let own = if settings.uses_postgres() {
        None
    } else {
        Some(open_file(settings).await.context("opening jobs.db")?)
    };
    let store = SqlStore::open(own.as_ref().unwrap_or(database).clone(), Clock::Store)
        .await
        .context("opening the job store")?;
    Ok((Arc::new(store), own))
}

async fn open_file(settings: &Settings) -> anyhow::Result<Database> {
    let path = settings.data_dir.join("jobs.db");
    let file = Database::open(&DatabaseSettings::new(DatabaseUrl::Sqlite(path))).await?;
    file.migrate(seawall_jobs::MIGRATIONS).await?;
    Ok(file)
}

/// The logs of jobs: in the database where several processes share one, else in a folder, which is
/// made if it is missing.
///
/// # Errors
/// When the folder cannot be made.
pub fn job_logs(settings: &Settings, database: &Database) -> anyhow::Result<JobLogs> {
    let target = if settings.uses_postgres() {
        LogTarget::Database(database.clone())
    } else {
        let folder = settings.data_dir.join("job-logs");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        LogTarget::Folder(folder)
    };
    let kept = Duration::from_hours(24).saturating_mul(settings.jobs.log_days);
    Ok(JobLogs::new().with_kept(target, Level::Info, kept))
}

impl Jobs {
    /// Opens the job store and builds the rest on it. It starts nothing.
    ///
    /// # Errors
    /// When the job store cannot be opened.
    pub async fn open(settings: &Settings, rooms: &Rooms) -> anyhow::Result<Self> {
        let (store, own_database) = job_store(settings, &rooms.database).await?;
        let logs = job_logs(settings, &rooms.database)?;
        let tasks = Tasks::new(
            rooms.database.clone(),
            Arc::clone(&store),
            TasksSettings::default(),
        );
        let maintenance = Maintenance::new(
            tasks.clone(),
            rooms.registry.clone(),
            rooms.content.clone(),
            logs.clone(),
            part_settings::maintenance(settings),
        );
        Ok(Self {
            store,
            logs,
            tasks,
            maintenance,
            own_database,
        })
    }

    /// An engine that delivers what becomes of jobs to the executions, and, with workers, runs every
    /// type of job that a registry knows.
    pub fn engine(&self, workers: u32) -> EngineBuilder {
        let mut engine = Engine::builder(Arc::clone(&self.store))
            .workers(workers)
            .logs(self.logs.clone())
            .receiver(seawall_tasks::RECEIVER, self.tasks.receiver());
        if workers > 0 {
            for job_type in self.maintenance.job_types() {
                engine = engine.register(job_type);
            }
        }
        engine
    }

    /// Closes what the jobs have of their own.
    pub async fn close(self) {
        if let Some(database) = self.own_database {
            database.close().await;
        }
    }
}
