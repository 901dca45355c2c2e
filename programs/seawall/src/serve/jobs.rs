//! Jobs beside the requests: from the start of serving until the end is ordered.
//!
//! Nothing that serves waits for it: a job store that is away delays jobs, not pulls and pushes.

use std::time::Duration;

use seawall_assembly::Jobs;
use seawall_http::Shutdown;
use seawall_jobs::Running;
use seawall_settings::{JobWorkers, Settings};
use seawall_tasks::Background;

use super::metrics::JobCounters;

/// How long to wait before starting is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long jobs may go on after the order to end; what has not ended then goes on at the next start.
const MOST_DRAIN: Duration = Duration::from_secs(10);

/// How long what is handed to the job store just then may take: one that hangs keeps no job from its drain.
const MOST_REST: Duration = Duration::from_secs(2);

/// Runs jobs until `shutdown` is ordered, then ends them.
pub async fn run(settings: &Settings, jobs: &Jobs, counters: JobCounters, shutdown: &Shutdown) {
    let workers = match settings.jobs.workers {
        JobWorkers::Embedded(number) => number,
        JobWorkers::External => 0,
    };
    let Some((running, background)) = start(jobs, workers, counters, shutdown).await else {
        return;
    };
    shutdown.stopped().await;
    background.stop(MOST_REST).await;
    let limit = Duration::from_secs(settings.limits.drain_timeout_seconds);
    running.drain(limit.min(MOST_DRAIN)).await;
}

/// Tries until it succeeds or the end is ordered.
async fn start(
    jobs: &Jobs,
    workers: u32,
    counters: JobCounters,
    shutdown: &Shutdown,
) -> Option<(Running, Background)> {
    loop {
        match start_once(jobs, workers, counters.clone()).await {
            Ok(started) => return Some(started),
            Err(error) => tracing::error!(error = %format!("{error:#}"), "jobs do not run yet"),
        }
        tokio::select! {
            () = shutdown.stopped() => return None,
            () = tokio::time::sleep(AFTER_FAILURE) => {}
        }
    }
}

async fn start_once(
    jobs: &Jobs,
    workers: u32,
    counters: JobCounters,
) -> anyhow::Result<(Running, Background)> {
    jobs.maintenance.prepare().await?;
    let running = jobs
        .engine(workers)
        .on_end(counters.observer())
        .start()
        .await?;
    Ok((running, jobs.tasks.start()))
}
