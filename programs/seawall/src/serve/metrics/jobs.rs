//! Metrics of jobs, under the names of Harbor's exporter and jobservice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use seawall_jobs::store::{QueueRecord, RunRecord};
use seawall_jobs::{EndObserver, JobStore, Outcome, StoreError};
use seawall_telemetry::Registry;
use tokio::time::timeout;

/// How long a scrape waits for the job store.
const MOST_WAIT: Duration = Duration::from_secs(2);
/// Runs that are counted.
const MOST_RUNS: u32 = 10_000;
/// Seconds.
const BUCKETS: [f64; 9] = [0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 900.0, 7200.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    r#type: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pool {
    r#type: String,
    pool: String,
}

/// How the runs of this process ended, and how long they took. Clones count together.
#[derive(Clone, Debug)]
pub struct JobCounters {
    ended: Family<Ended, Counter>,
    took: Family<Ended, Histogram, fn() -> Histogram>,
}

impl JobCounters {
    /// Counters that are shown with the others of `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self {
            ended: Family::default(),
            took: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        registry.register(
            "harbor_jobservice_task",
            "Runs of jobs that ended in this process",
            counters.ended.clone(),
        );
        registry.register(
            "harbor_jobservice_task_process_time_seconds",
            "How long runs of jobs took in this process",
            counters.took.clone(),
        );
        counters
    }

    /// What an engine is to tell.
    pub fn observer(&self) -> EndObserver {
        let counters = self.clone();
        Arc::new(move |job, outcome, took| {
            let status = match outcome {
                Outcome::Success => "success",
                Outcome::Error { .. } => "fail",
                Outcome::Stopped => "stop",
                // It did not end.
                Outcome::Released => return,
            };
            let ended = Ended {
                r#type: job.name.clone(),
                status,
            };
            counters.ended.get_or_create(&ended).inc();
            let took = took.as_secs_f64();
            counters.took.get_or_create(&ended).observe(took);
        })
    }
}

/// How the queues are now, in all processes; nothing while the job store does not answer.
pub async fn look(store: &dyn JobStore) -> Registry {
    let mut registry = Registry::default();
    match timeout(MOST_WAIT, ask(store)).await {
        Ok(Ok((queues, runs))) => show(&mut registry, &queues, &runs),
        Ok(Err(error)) => tracing::warn!(%error, "metrics of queues"),
        Err(_) => tracing::warn!("metrics of queues: the job store does not answer"),
    }
    registry
}

async fn ask(store: &dyn JobStore) -> Result<(Vec<QueueRecord>, Vec<RunRecord>), StoreError> {
    Ok((store.queues().await?, store.runs(MOST_RUNS).await?))
}

fn show(registry: &mut Registry, queues: &[QueueRecord], runs: &[RunRecord]) {
    let gauge = |registry: &mut Registry, name: &str, help: &str| {
        let family = Family::<Queue, Gauge<u64, AtomicU64>>::default();
        registry.register(name, help, family.clone());
        family
    };
    let size = gauge(
        registry,
        "harbor_task_queue_size",
        "Jobs that wait for a worker",
    );
    let latency = gauge(
        registry,
        "harbor_task_queue_latency",
        "Seconds that the first of them has waited",
    );
    let scheduled: u64 = queues.iter().map(|queue| queue.scheduled).sum();
    for queue in queues {
        let labels = Queue {
            r#type: queue.name.clone(),
        };
        size.get_or_create(&labels).set(queue.pending);
        latency.get_or_create(&labels).set(queue.latency.as_secs());
    }
    let waiting = Gauge::<u64, AtomicU64>::default();
    waiting.set(scheduled);
    registry.register(
        "harbor_task_scheduled_total",
        "Jobs that wait for their time",
        waiting,
    );
    let running = Family::<Pool, Gauge<u64, AtomicU64>>::default();
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for run in runs {
        *counts.entry((&run.name, &run.pool)).or_default() += 1;
    }
    for ((name, pool), count) in counts {
        let labels = Pool {
            r#type: name.to_owned(),
            pool: pool.to_owned(),
        };
        running.get_or_create(&labels).set(count);
    }
    registry.register(
        "harbor_task_concurrency",
        "Jobs that run, by pool of workers",
        running,
    );
}
