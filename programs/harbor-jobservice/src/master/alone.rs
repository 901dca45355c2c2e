//! Alone: jobs in a folder of this machine, taken over HTTP. No server is needed.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use seawall_database::{Database, DatabaseSettings, DatabaseUrl};
use seawall_job_types::{command, present};
use seawall_jobs::{Clock, JobStore, MIGRATIONS, SqlStore};
use seawall_jobs_api::RedisPool;

use super::{Master, engine, job_type_settings};
use crate::config::{Config, Environment};
use crate::folder::{self, Lock};

/// Opens the folder, and makes what is missing in it.
pub async fn open(
    config: &Config,
    path: &Path,
    environment: &Environment,
) -> anyhow::Result<Master> {
    folder::writable("worker_pool.embedded.path", path)?;
    let lock = Lock::take(path)?;
    let file = path.join("jobs.db");
    let settings = DatabaseSettings::new(DatabaseUrl::Sqlite(file.clone()));
    let opening = || format!("opening {}", file.display());
    let database = Database::open(&settings).await.with_context(opening)?;
    database.migrate(MIGRATIONS).await.with_context(opening)?;
    let store = SqlStore::open(database.clone(), Clock::Store)
        .await
        .with_context(opening)?;
    let mut types = present(&job_type_settings(environment))?;
    if !config.commands.is_empty() {
        types.push(command::job_type(config.commands.clone()));
    }
    let store: Arc<dyn JobStore> = Arc::new(store);
    let own = database.clone();
    let closing = async move { own.close().await };
    Ok(Master {
        engine: engine(&store, types),
        store,
        logs: None,
        database: Some(database),
        core: None,
        redis: RedisPool::default(),
        closing: Box::pin(closing),
        lock: Some(lock),
    })
}
