//! Harbor's own core: jobs in Redis, in the layout that core reads and writes. Without `CORE_URL`,
//! whoever else uses that Redis.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use seawall_job_types::harbor;
use seawall_jobs::{JobStore, RedisOptions, RedisStore};
use seawall_jobs_api::RedisPool;

use super::{Master, engine, job_type_settings};
use crate::config::{Environment, Redis, masked};
use crate::core::Core;

/// How long Redis may take to come up.
const PATIENCE: Duration = Duration::from_mins(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Waits for core, if there is one, then for Redis.
pub async fn open(
    redis: &Redis,
    environment: &Environment,
    client: Client,
) -> anyhow::Result<Master> {
    let core = match &environment.core_url {
        None => None,
        Some(url) => {
            let core = Core::new(url, &environment.jobservice_secret, client)?;
            let settings = core.wait().await?;
            tracing::info!(url, settings.read_only, "Harbor's core gave its settings");
            Some(core)
        }
    };
    let mut options = RedisOptions::new(&redis.url, &redis.namespace);
    if let Some(observed) = environment.max_job_duration {
        options.observed = observed;
    }
    let place = masked(&redis.url);
    let store = wait(options)
        .await
        .with_context(|| format!("worker_pool.redis_pool.redis_url: opening {place}"))?;
    let store: Arc<dyn JobStore> = Arc::new(store);
    Ok(Master {
        engine: engine(&store, harbor(&job_type_settings(environment))?),
        store,
        logs: None,
        database: None,
        core,
        redis: RedisPool {
            url: redis.url.clone(),
            namespace: redis.namespace.clone(),
            idle_timeout_seconds: redis.idle_timeout_seconds,
        },
        closing: Box::pin(async {}),
        lock: None,
    })
}

/// The store, as soon as Redis answers.
async fn wait(options: RedisOptions) -> anyhow::Result<RedisStore> {
    let over = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        match RedisStore::open(options.clone()).await {
            Ok(store) => return Ok(store),
            Err(error) if error.is_retryable() && tokio::time::Instant::now() < over => {
                let error = seawall_telemetry::chain(&error);
                tracing::warn!(%error, "Redis does not answer yet; trying again");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
