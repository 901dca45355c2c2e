//! Seawall's registry: jobs in its PostgreSQL or in Redis, with every type that the registry knows.

use std::sync::Arc;

use anyhow::{Context, ensure};
use seawall_assembly::{Jobs, Rooms};
use seawall_jobs_api::RedisPool;
use seawall_settings::Settings;

use super::{Master, wait_for};
use crate::config::Registry;

/// Opens what the registry's settings name; where the jobs are must be what our own file says.
pub async fn open(registry: &Registry, workers: u32) -> anyhow::Result<Master> {
    let settings = load(registry)?;
    let rooms = Rooms::open(&settings).await?;
    let jobs = Jobs::open(&settings, &rooms).await?;
    wait_for(&*jobs.store)
        .await
        .with_context(|| format!("the jobs of {}", registry.settings.display()))?;
    let redis = settings.jobs.redis_url.as_ref().map(|url| RedisPool {
        url: url.reveal().to_owned(),
        namespace: settings.jobs.redis_namespace.clone(),
        idle_timeout_seconds: 0,
    });
    Ok(Master {
        engine: jobs.engine(workers),
        store: Arc::clone(&jobs.store),
        logs: Some(jobs.logs.clone()),
        database: Some(rooms.database.clone()),
        core: None,
        redis: redis.unwrap_or_default(),
        closing: Box::pin(async move {
            jobs.close().await;
            rooms.close().await;
        }),
        lock: None,
    })
}

fn load(registry: &Registry) -> anyhow::Result<Settings> {
    let file = registry.settings.display();
    let environment = |name: &str| std::env::var(name).ok();
    let settings =
        Settings::load(Some(&registry.settings), environment, &[]).with_context(|| {
            format!(
                "seawall.config: {file}, read as uid {}",
                crate::folder::uid()
            )
        })?;
    ensure!(
        settings.uses_postgres(),
        "seawall.config: {file} names no PostgreSQL in database.url: the registry has its database \
         to itself, and runs its jobs itself (jobs.workers)"
    );
    let on_redis = settings.jobs.redis_url.is_some();
    ensure!(
        registry.on_redis == on_redis,
        "worker_pool.backend is {}, but the jobs of {file} are in {}: jobs.redis_url is {}",
        if registry.on_redis {
            "redis"
        } else {
            "postgresql"
        },
        if on_redis { "Redis" } else { "PostgreSQL" },
        if on_redis { "set" } else { "not set" },
    );
    Ok(settings)
}
