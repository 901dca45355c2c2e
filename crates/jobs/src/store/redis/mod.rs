//! The store on Redis, in the layout that Harbor's core, exporter and jobservice read and write.
//!
//! What is Harbor's lies where Harbor puts it, byte for byte: queues, `retry`, `scheduled`,
//! in-progress lists, `lock` and `lock_info`, pools, unique keys, stats, `job_track:inprogress`,
//! executions, policies. What is ours lies beside it under `{namespace}:seawall:`: leases, attempts
//! with their fencing tokens, the outbox of hooks, the slots of schedules, queues of tenants. So
//! pools of Harbor's jobservice may serve the same queues at the same time. Our guarantees rest on
//! the leases, by the clock of Redis; the counters are only kept for the others. A job of a tenant
//! waits in a queue of ours, which the others do not see.
//!
//! Each operation is one script (`lua/`), so that it happens whole or not at all; those that look
//! at much do it in pieces, so that Redis is never blocked for long. What should not be where it
//! is, is moved to `seawall:aside:…` or `seawall:foreign` and logged.
//!
//! Times in Harbor's keys are whole seconds, so a delay may last up to a second longer.
//!
//! Where to look next: `record` (how a job lies there), `lua/prelude.lua`, `watch` (wake-ups, and what happens when
//! Redis loses its data), `remembered` (the schedules that it is given again then).

mod accept;
mod attempts;
mod connection;
mod go_json;
mod hooks;
mod look;
mod options;
mod pools;
mod record;
mod remembered;
mod schedules;
mod script;
mod stop;
mod time;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use seawall_database::Timestamp;
use tokio::task::JoinHandle;

use self::connection::Link;
pub use self::options::RedisOptions;
use self::options::Server;
pub use self::watch::Losses;
use super::{
    Answer, Enqueued, Executions, Fired, JobFilter, JobPage, JobSelector, JobStore, PoolRecord,
    Promoted, QueueRecord, Rescued, Retention, RunRecord, Stopped,
};
use crate::{
    Attempt, AttemptRecord, Bells, Claim, ClaimRequest, Clock, Delivery, HookEvent, HookRequest,
    Job, JobId, NewJob, NewSchedule, Outcome, Report, Schedule, Signal, StoreError, Topic, Waiter,
    Written,
};

/// The store on Redis.
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the store and its tasks share.
#[derive(Debug)]
struct Shared {
    link: Link,
    options: RedisOptions,
    /// `{namespace}:`.
    prefix: String,
    /// Tells this store's own announcements from others'.
    name: String,
    bells: Bells,
    /// The types that are claimed here, with the concurrency that was written for the Go pools.
    types: Mutex<HashMap<String, u32>>,
    /// The pools that were registered here, as they are written.
    pools: Mutex<HashMap<String, pools::Registered>>,
    losses: Mutex<Losses>,
    /// When the schedules of others were looked for last, and how many more policies than schedules
    /// there were then: those that cannot be read.
    adopted: Mutex<Option<(std::time::Instant, i64)>>,
    /// When jobs were asked for last, and how often some were handed out.
    claims: Mutex<(Option<std::time::Instant>, u64)>,
    /// Rung when jobs are asked for after a long pause.
    begun: tokio::sync::Notify,
}

/// Locks; what a panicking holder left is still whole, since nothing is written in two steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RedisStore {
    /// The store, whether Redis can be reached now or not: it is reached whenever it is there. Needs
    /// a Tokio runtime.
    ///
    /// # Errors
    /// `Invalid` for options that make no sense.
    pub fn new(options: RedisOptions) -> Result<Self, StoreError> {
        let shared = Shared::new(options)?;
        let tasks = watch::start(&shared, watch::Seen::default());
        Ok(Self { shared, tasks })
    }

    /// The store, once it has met Redis: it fails if Redis cannot be reached now.
    pub async fn open(options: RedisOptions) -> Result<Self, StoreError> {
        let shared = Shared::new(options)?;
        shared.time().await?;
        let mut seen = watch::Seen::default();
        seen.look(&shared).await?;
        let tasks = watch::start(&shared, seen);
        Ok(Self { shared, tasks })
    }

    /// What Redis has lost as far as this store knows: it came back without its data.
    pub fn losses(&self) -> Losses {
        *locked(&self.shared.losses)
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn new(options: RedisOptions) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self {
            link: Link::new(Server::parse(&options.url)?),
            prefix: options.prefix()?,
            name: JobId::random().to_string(),
            bells: Bells::default(),
            types: Mutex::default(),
            pools: Mutex::default(),
            losses: Mutex::default(),
            adopted: Mutex::default(),
            claims: Mutex::default(),
            begun: tokio::sync::Notify::new(),
            options,
        }))
    }

    async fn time(&self) -> Result<Timestamp, StoreError> {
        if let Clock::Held(clock) = &self.options.clock {
            return Ok(clock.now());
        }
        let ((seconds, micros),): ((i64, i64),) = self.pipe(redis::pipe().cmd("TIME")).await?;
        Ok(Timestamp(seconds * 1_000_000 + micros))
    }
}

impl JobStore for RedisStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        Box::pin(self.shared.time())
    }

    fn listen(&self, topic: Topic) -> Waiter {
        self.shared.bells.listen(topic)
    }

    fn enqueue(&self, jobs: Vec<NewJob>) -> Answer<'_, Vec<Enqueued>> {
        Box::pin(self.shared.enqueue(jobs))
    }

    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claim>> {
        Box::pin(self.shared.claim(request))
    }

    fn heartbeat<'a>(
        &'a self,
        pool: &'a str,
        attempts: Vec<Attempt>,
        lease: std::time::Duration,
    ) -> Answer<'a, Vec<Signal>> {
        Box::pin(self.shared.heartbeat(pool, attempts, lease))
    }

    fn report(&self, reports: Vec<(Attempt, Report)>) -> Answer<'_, Vec<Written>> {
        Box::pin(self.shared.report(reports))
    }

    fn finish(&self, outcomes: Vec<(Attempt, Outcome)>) -> Answer<'_, Vec<Written>> {
        Box::pin(self.shared.finish(outcomes))
    }

    fn stop(&self, selector: JobSelector, limit: u32) -> Answer<'_, Stopped> {
        Box::pin(self.shared.stop(selector, limit))
    }

    fn promote(&self, limit: u32) -> Answer<'_, Promoted> {
        Box::pin(self.shared.promote(limit))
    }

    fn rescue(&self, limit: u32) -> Answer<'_, Rescued> {
        Box::pin(self.shared.rescue(limit))
    }

    fn put_schedule(&self, schedule: NewSchedule) -> Answer<'_, Job> {
        Box::pin(self.shared.put_schedule(schedule))
    }

    fn schedules(&self) -> Answer<'_, Vec<Schedule>> {
        Box::pin(self.shared.schedules())
    }

    fn fire(&self, limit: u32) -> Answer<'_, Fired> {
        Box::pin(self.shared.fire(limit))
    }

    fn due_hooks(&self, request: HookRequest) -> Answer<'_, Vec<HookEvent>> {
        Box::pin(self.shared.due_hooks(request))
    }

    fn settle_hooks(&self, deliveries: Vec<(HookEvent, Delivery)>) -> Answer<'_, ()> {
        Box::pin(self.shared.settle_hooks(deliveries))
    }

    fn get(&self, ids: Vec<JobId>) -> Answer<'_, Vec<Job>> {
        Box::pin(self.shared.get(ids))
    }

    fn find<'a>(&'a self, id: &'a JobId) -> Answer<'a, Option<Job>> {
        Box::pin(self.shared.find(id))
    }

    fn attempts<'a>(&'a self, id: &'a JobId) -> Answer<'a, Vec<AttemptRecord>> {
        Box::pin(self.shared.attempts(id))
    }

    fn list(&self, filter: JobFilter) -> Answer<'_, JobPage> {
        Box::pin(self.shared.list(filter))
    }

    fn executions<'a>(
        &'a self,
        schedule: &'a JobId,
        unfinished_only: bool,
        offset: u64,
        limit: u32,
    ) -> Answer<'a, Executions> {
        Box::pin(
            self.shared
                .executions(schedule, unfinished_only, offset, limit),
        )
    }

    fn queues(&self) -> Answer<'_, Vec<QueueRecord>> {
        Box::pin(self.shared.queues())
    }

    fn runs(&self, limit: u32) -> Answer<'_, Vec<RunRecord>> {
        Box::pin(self.shared.runs(limit))
    }

    fn set_paused<'a>(&'a self, queue: &'a str, paused: bool) -> Answer<'a, ()> {
        Box::pin(self.shared.set_paused(queue, paused))
    }

    fn register_pool(&self, pool: PoolRecord) -> Answer<'_, ()> {
        Box::pin(self.shared.register_pool(pool))
    }

    fn remove_pool<'a>(&'a self, pool: &'a str) -> Answer<'a, ()> {
        Box::pin(self.shared.remove_pool(pool))
    }

    fn pools(&self) -> Answer<'_, Vec<PoolRecord>> {
        Box::pin(self.shared.pools())
    }

    fn sweep(&self, retention: Retention, limit: u32) -> Answer<'_, u64> {
        Box::pin(self.shared.sweep(retention, limit))
    }
}
