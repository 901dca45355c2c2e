//! The beginning and the end of an engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use seawall_database::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::active::{ActiveRuns, Cause};
use super::ends::End;
use super::{
    EndObserver, EngineBuilder, HookReceiver, StartError, claims, ends, hooks, leases, rounds,
};
use crate::log::JobLogs;
use crate::store::{PoolRecord, Retention};
use crate::{JobId, JobStore, JobType};

/// How long runs have to end after they were told to.
const GRACE: Duration = Duration::from_secs(5);
/// How long the last deliveries of hooks may take.
const LAST_HOOKS: Duration = Duration::from_secs(2);
/// How long the last heartbeat may take.
const LAST_BEAT: Duration = Duration::from_secs(2);
/// How long the last writes of an engine may take.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// What the tasks of an engine share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn JobStore>,
    pub(super) types: HashMap<String, JobType>,
    pub(super) pool: String,
    pub(super) lease: Duration,
    pub(super) retention: Retention,
    pub(super) logs: JobLogs,
    pub(super) client: reqwest::Client,
    pub(super) receivers: HashMap<String, HookReceiver>,
    pub(super) observer: Option<EndObserver>,
    /// The free places of workers.
    pub(super) places: Arc<Semaphore>,
    pub(super) active: ActiveRuns,
    pub(super) ends: mpsc::Sender<End>,
    /// Set when no more jobs are to be taken.
    pub(super) draining: CancellationToken,
    /// Set when the pool is about to be removed, and no run is left.
    pub(super) removing: CancellationToken,
    /// Deliveries of hooks that go on.
    pub(super) tracker: TaskTracker,
}

/// An engine that runs. Dropping it cuts its runs off as a crash would; end it with
/// [`Running::drain`].
pub struct Running {
    shared: Arc<Shared>,
    types: Vec<JobType>,
    tasks: Vec<JoinHandle<()>>,
    claims: Option<JoinHandle<()>>,
    leases: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("pool", &self.shared.pool)
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

pub(super) async fn start(builder: EngineBuilder) -> Result<Running, StartError> {
    let mut types = HashMap::new();
    for job_type in &builder.types {
        if types
            .insert(job_type.name.clone(), job_type.clone())
            .is_some()
        {
            return Err(StartError::Duplicate(job_type.name.clone()));
        }
    }
    let client = match builder.client {
        Some(client) => client,
        None => hook_client()?,
    };
    let workers = if types.is_empty() { 0 } else { builder.workers };
    let (ends, ended) = mpsc::channel(workers as usize + 64);
    let shared = Arc::new(Shared {
        store: builder.store,
        types,
        pool: builder.pool.unwrap_or_else(|| JobId::random().to_string()),
        lease: builder.lease,
        retention: builder.retention,
        logs: builder.logs,
        client,
        receivers: builder.receivers,
        observer: builder.observer,
        places: Arc::new(Semaphore::new(workers as usize)),
        active: ActiveRuns::default(),
        ends,
        draining: CancellationToken::new(),
        removing: CancellationToken::new(),
        tracker: TaskTracker::new(),
    });
    let mut tasks = vec![
        tokio::spawn(rounds::due(Arc::clone(&shared))),
        tokio::spawn(rounds::rescue(Arc::clone(&shared))),
        tokio::spawn(rounds::sweep(Arc::clone(&shared))),
        tokio::spawn(hooks::deliver(Arc::clone(&shared))),
    ];
    let (mut claims, mut kept) = (None, None);
    if workers > 0 {
        let pool = record(&shared, workers);
        shared.store.register_pool(pool.clone()).await?;
        kept = Some(tokio::spawn(leases::keep(Arc::clone(&shared), pool)));
        tasks.push(tokio::spawn(ends::write(Arc::clone(&shared), ended)));
        tasks.push(tokio::spawn(ends::write_progress_of_all(Arc::clone(
            &shared,
        ))));
        claims = Some(tokio::spawn(claims::claim(Arc::clone(&shared))));
    }
    Ok(Running {
        shared,
        types: builder.types,
        tasks,
        claims,
        leases: kept,
    })
}

/// As Harbor's: 10 s to connect, some idle connections for each host.
fn hook_client() -> Result<reqwest::Client, StartError> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(hooks::MOST)
        .tcp_user_timeout(hooks::HOOK_TCP_TIMEOUT)
        .build()
        .map_err(|error| StartError::Client(error.to_string()))
}

fn record(shared: &Shared, workers: u32) -> PoolRecord {
    let mut job_names: Vec<String> = shared.types.keys().cloned().collect();
    job_names.sort();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    PoolRecord {
        id: shared.pool.clone(),
        started_at: Timestamp::NEVER,
        heartbeat_at: Timestamp::NEVER,
        job_names,
        concurrency: workers,
        host: host.trim().to_owned(),
        pid: std::process::id(),
    }
}

impl Running {
    /// The store.
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.shared.store
    }

    /// The types that it runs.
    pub fn types(&self) -> &[JobType] {
        &self.types
    }

    /// The id of its pool of workers.
    pub fn pool(&self) -> &str {
        &self.shared.pool
    }

    /// How many of its runs are not over.
    pub fn running(&self) -> usize {
        self.shared.active.all().len()
    }

    /// Takes no more jobs, waits for those that run until the deadline, then cancels them, gives
    /// them a moment to end, and puts back into the queue what has not ended.
    pub async fn drain(mut self, deadline: Duration) {
        self.shared.draining.cancel();
        if let Some(claims) = &mut self.claims {
            // What it is just being handed, it gives back.
            let _ = timeout(LAST_WRITES, claims).await;
        }
        let shared = &self.shared;
        if timeout(deadline, shared.active.none()).await.is_err() {
            for run in shared.active.all() {
                run.cancel(Cause::Drained);
            }
            if timeout(GRACE, shared.active.none()).await.is_err() {
                self.give_back().await;
            }
        }
        self.shared.removing.cancel();
        if let Some(leases) = &mut self.leases {
            // A heartbeat that comes after the end would have the pool there again.
            if timeout(LAST_BEAT, &mut *leases).await.is_err() {
                leases.abort();
            }
        }
        let shared = &self.shared;
        if !self.types.is_empty() {
            let removed = timeout(LAST_WRITES, shared.store.remove_pool(&shared.pool)).await;
            if !matches!(removed, Ok(Ok(()))) {
                tracing::debug!("the pool is not removed");
            }
        }
        // Deliveries that go on may end; the outbox keeps the others.
        shared.tracker.close();
        let _ = timeout(LAST_HOOKS, shared.tracker.wait()).await;
    }

    /// Cuts off the runs that do not listen, and puts their jobs back into the queue.
    async fn give_back(&self) {
        let mut released = Vec::new();
        for run in self.shared.active.all() {
            tracing::warn!(job = %run.attempt.job, "a run is cut off: the process ends");
            run.abort();
            released.push((run.attempt.clone(), crate::Outcome::Released));
        }
        for chunk in released.chunks(500) {
            // What is not given back now is rescued when its lease ends.
            match timeout(LAST_WRITES, self.shared.store.finish(chunk.to_vec())).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "jobs are not given back"),
                Err(_) => tracing::warn!("jobs are not given back in time"),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.draining.cancel();
        let tasks = self.tasks.iter().chain(&self.claims).chain(&self.leases);
        tasks.for_each(JoinHandle::abort);
        for run in self.shared.active.all() {
            run.abort();
        }
    }
}
