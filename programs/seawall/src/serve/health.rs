//! What `GET /api/v2.0/health` looks at.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::{Database, params};
use seawall_harbor_api::HealthCheck;
use seawall_jobs::store::PoolRecord;
use seawall_jobs::{JobStore, StoreError};
use seawall_settings::JobWorkers;
use seawall_storage::{BlobStorage, Location};

/// Workers of other processes that were not heard of for longer are gone: several of their heartbeats.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// A check for each component that Harbor's clients know and that exists here. `workers` says who
/// runs the jobs.
pub fn checks(
    database: &Database,
    storage: &Arc<dyn BlobStorage>,
    jobs: &Arc<dyn JobStore>,
    workers: JobWorkers,
) -> Vec<HealthCheck> {
    let (database, storage) = (database.clone(), Arc::clone(storage));
    let jobs = Arc::clone(jobs);
    vec![
        // The process answers, so the pages do. The API adds itself as `core`.
        HealthCheck::new("portal", || Box::pin(async { Ok(()) })),
        HealthCheck::new("database", move || {
            Box::pin(check_database(database.clone()))
        }),
        HealthCheck::new("registry", move || {
            Box::pin(check_storage(Arc::clone(&storage)))
        }),
        HealthCheck::new("jobservice", move || {
            Box::pin(check_jobs(Arc::clone(&jobs), workers))
        }),
    ]
}

/// The causes stay in the log: anyone may read the answer.
async fn check_database(database: Database) -> Result<(), String> {
    let read = async {
        let mut reader = database.read().await?;
        reader
            .fetch_one::<i64>("SELECT CAST(1 AS BIGINT)", params![])
            .await
    };
    read.await.map(|_| ()).map_err(|error| {
        tracing::warn!(error = %seawall_telemetry::chain(&error), "health check of the database");
        "the database does not answer".to_owned()
    })
}

async fn check_storage(storage: Arc<dyn BlobStorage>) -> Result<(), String> {
    let nowhere =
        Location::parse("docker/registry/v2/blobs/health").map_err(|error| error.to_string())?;
    storage.stat(&nowhere).await.map(|_| ()).map_err(|error| {
        tracing::warn!(error = %seawall_telemetry::chain(&error), "health check of the storage");
        "the storage does not answer".to_owned()
    })
}

async fn check_jobs(jobs: Arc<dyn JobStore>, workers: JobWorkers) -> Result<(), String> {
    let look = async {
        let since = jobs.now().await?.minus(GONE_AFTER);
        // Those of this process are there, or the log says why not.
        if workers != JobWorkers::External {
            return Ok(true);
        }
        let pools = jobs.pools().await?;
        let lives = |pool: &PoolRecord| pool.concurrency > 0 && pool.heartbeat_at >= since;
        Ok(pools.iter().any(lives))
    };
    match look.await {
        Ok(true) => Ok(()),
        Ok(false) => Err("no harbor-jobservice runs the jobs".to_owned()),
        Err(error) => {
            let error: StoreError = error;
            tracing::warn!(error = %seawall_telemetry::chain(&error), "health check of the job store");
            Err("the job store does not answer".to_owned())
        }
    }
}
