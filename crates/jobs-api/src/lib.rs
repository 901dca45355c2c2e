//! `/api/v1` of Harbor's job service: how Harbor's core, or anybody with the secret, submits jobs,
//! looks at them and stops them. Routes, codes and bodies are Harbor's, oddities included.
//!
//! It keeps nothing and runs nothing: the jobs are `seawall-jobs`', on whatever store. `router.rs`
//! reads top to bottom what happens to a request, `operation.rs` lists the routes, `error.rs` the
//! codes; `metrics.rs` is what Prometheus reads on a port of its own.

mod error;
mod executions;
mod job;
mod list;
mod metrics;
mod operation;
mod router;
mod secret;
mod status;
mod submit;

use std::sync::Arc;

use seawall_jobs::log::JobLogs;
use seawall_jobs::{JobStore, JobType};

pub use metrics::{JobMetrics, Node};
pub use router::router;
pub use secret::ApiSecret;

/// What the surface needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JobsApi {
    /// Where the jobs are.
    pub store: Arc<dyn JobStore>,
    /// The types that may be submitted.
    pub types: Arc<[JobType]>,
    /// Where the jobs' logs are.
    pub logs: JobLogs,
    /// What callers must know; without it nobody gets in.
    pub secret: ApiSecret,
    /// The most bytes of a log that are sent, its end; none for all of it.
    pub max_log_bytes: Option<u64>,
    /// What `/api/v1/config` tells.
    pub redis: RedisPool,
}

/// What `/api/v1/config` tells Harbor's core, which then reads Redis itself. All empty where the
/// jobs are not in Redis.
#[derive(Clone, Default)]
pub struct RedisPool {
    /// The URL, password included.
    pub url: String,
    /// The namespace, without the braces that it has in keys.
    pub namespace: String,
    /// Seconds until an idle connection is closed.
    pub idle_timeout_seconds: i64,
}

impl std::fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisPool")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
