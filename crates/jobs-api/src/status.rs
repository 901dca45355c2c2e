//! `GET /api/v1/stats`, which probes read, and `GET /api/v1/config`, which Harbor's core reads.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::JobsApi;
use crate::error::{Code, Failure};
use crate::router::{Answer, json as answer};

/// A pool that was not heard of for longer is dead.
const DEAD_AFTER: Duration = Duration::from_secs(10);

pub(crate) async fn stats(api: &JobsApi) -> Answer {
    let failed = |error| Failure::store(Code::Stats, &error);
    let pools = api.store.pools().await.map_err(failed)?;
    if pools.is_empty() {
        return Err(Failure::new(Code::Stats, "there is no pool of workers"));
    }
    let alive_since = api.store.now().await.map_err(failed)?.minus(DEAD_AFTER);
    let pools: Vec<Value> = pools
        .iter()
        .map(|pool| {
            json!({
                "worker_pool_id": pool.id,
                "started_at": pool.started_at.seconds(),
                "heartbeat_at": pool.heartbeat_at.seconds(),
                "job_names": pool.job_names,
                "concurrency": pool.concurrency,
                "status": if pool.heartbeat_at < alive_since { "Dead" } else { "Healthy" },
            })
        })
        .collect();
    Ok(answer(StatusCode::OK, &json!({ "worker_pools": pools })))
}

/// The names of the fields are Go's: Harbor's structure has none for JSON.
pub(crate) fn config(api: &JobsApi) -> Response<Body> {
    let pool = json!({
        "RedisURL": api.redis.url,
        "Namespace": api.redis.namespace,
        "IdleTimeoutSecond": api.redis.idle_timeout_seconds,
    });
    answer(StatusCode::OK, &json!({ "redis_pool_config": pool }))
}
