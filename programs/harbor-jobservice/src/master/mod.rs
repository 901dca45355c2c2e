//! Whom the program serves: one of three masters, each with its store of jobs and its types.

mod alone;
mod harbor;
mod registry;

use std::sync::Arc;
use std::time::Duration;

use seawall_database::Database;
use seawall_job_types::{JobTypeSettings, ReplicationSettings};
use seawall_jobs::log::JobLogs;
use seawall_jobs::{BoxFuture, Engine, EngineBuilder, JobStore, JobType, StoreError};
use seawall_jobs_api::RedisPool;

use crate::config::{Backend, Config, Environment};
use crate::core::Core;
use crate::folder::Lock;

/// What a master brings.
pub struct Master {
    /// Its jobs.
    pub store: Arc<dyn JobStore>,
    /// An engine for them, with the types that it lets run.
    pub engine: EngineBuilder,
    /// Where it reads logs itself, in its database; the places of the file come beside it.
    pub logs: Option<JobLogs>,
    /// Where logs of jobs may be kept, if it has a database for them.
    pub database: Option<Database>,
    /// Harbor's core, if that is the master.
    pub core: Option<Core>,
    /// What `/api/v1/config` tells.
    pub redis: RedisPool,
    /// What is done at the end, after the last run.
    pub closing: BoxFuture<'static, ()>,
    /// Held until the end.
    pub lock: Option<Lock>,
}

/// The master that the file names.
pub async fn open(
    config: &Config,
    environment: &Environment,
    client: reqwest::Client,
) -> anyhow::Result<Master> {
    match &config.backend {
        // A whole registry is opened; few who wait for this do.
        Backend::Registry(there) => Box::pin(registry::open(there, config.workers)).await,
        Backend::Redis(redis) => harbor::open(redis, environment, client).await,
        Backend::Embedded(path) => alone::open(config, path, environment).await,
    }
}

/// How long the job store may take to come up.
const PATIENCE: Duration = Duration::from_mins(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Waits until the job store answers.
async fn wait_for(store: &dyn JobStore) -> Result<(), StoreError> {
    let over = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        match store.now().await {
            Err(error) if error.is_retryable() && tokio::time::Instant::now() < over => {
                let error = seawall_telemetry::chain(&error);
                tracing::warn!(%error, "the jobs cannot be reached yet; trying again");
            }
            outcome => return outcome.map(drop),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// An engine for these types.
fn engine(store: &Arc<dyn JobStore>, types: Vec<JobType>) -> EngineBuilder {
    let empty = Engine::builder(Arc::clone(store));
    types.into_iter().fold(empty, EngineBuilder::register)
}

/// What the environment chooses about the jobs.
fn job_type_settings(environment: &Environment) -> JobTypeSettings {
    let defaults = JobTypeSettings::default();
    let copies = ReplicationSettings::default();
    JobTypeSettings {
        webhook_max_attempts: environment
            .webhook_max_retry
            .unwrap_or(defaults.webhook_max_attempts),
        webhook_timeout: environment
            .webhook_timeout
            .filter(|timeout| *timeout > Duration::ZERO)
            .unwrap_or(defaults.webhook_timeout),
        demo_fails: environment.job_failed,
        replication: ReplicationSettings {
            blob_retries: environment.copy_blob_retries.unwrap_or(copies.blob_retries),
            chunk_retries: environment
                .copy_chunk_retries
                .unwrap_or(copies.chunk_retries),
            chunk_bytes: environment
                .replication_chunk_bytes
                .unwrap_or(copies.chunk_bytes),
            request_timeout: environment
                .registry_timeout
                .unwrap_or(copies.request_timeout),
            ..copies
        },
    }
}
