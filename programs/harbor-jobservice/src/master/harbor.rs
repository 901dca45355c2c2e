//! Harbor's own core: jobs in Redis, in the layout that core reads and writes. Without `CORE_URL`,
//! whoever else uses that Redis.

use std::sync::Arc;

use anyhow::Context;
use reqwest::Client;
use seawall_job_types::harbor;
use seawall_jobs::{JobStore, RedisOptions, RedisStore};
use seawall_jobs_api::RedisPool;

use super::{Master, engine, job_type_settings, wait_for};
use crate::config::{Environment, Redis, masked};
use crate::core::Core;

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
    let place = || format!("worker_pool.redis_pool.redis_url: {}", masked(&redis.url));
    let store: Arc<dyn JobStore> = Arc::new(RedisStore::new(options).with_context(place)?);
    wait_for(&*store).await.with_context(place)?;
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
