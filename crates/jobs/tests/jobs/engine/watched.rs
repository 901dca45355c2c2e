//! A store that tells what it was asked for, and can be made slow: for what an engine does to a
//! store, whichever it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seawall_database::Timestamp;
use seawall_jobs::store::{
    Answer, Enqueued, Executions, Fired, JobFilter, JobPage, JobSelector, PoolRecord, Promoted,
    QueueRecord, Rescued, Retention, RunRecord, Stopped,
};
use seawall_jobs::{
    Attempt, AttemptRecord, Claim, ClaimRequest, Delivery, HookEvent, HookRequest, Job, JobId,
    JobStore, NewJob, NewSchedule, Outcome, Report, Schedule, Signal, Topic, Waiter, Written,
};

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Arc<dyn JobStore>,
    calls: Mutex<Vec<&'static str>>,
    delays: Mutex<HashMap<&'static str, Duration>>,
    settled: Mutex<Vec<(HookEvent, Delivery)>>,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn JobStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            calls: Mutex::default(),
            delays: Mutex::default(),
            settled: Mutex::default(),
        })
    }

    /// The names of what was asked for, in order.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    /// How often this was asked for.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.calls().iter().filter(|call| **call == name).count()
    }

    /// From now on this is answered late.
    pub(crate) fn delay(&self, name: &'static str, delay: Duration) {
        self.delays.lock().unwrap().insert(name, delay);
    }

    /// What became of hooks.
    pub(crate) fn settled(&self) -> Vec<(HookEvent, Delivery)> {
        self.settled.lock().unwrap().clone()
    }

    async fn before(&self, name: &'static str) {
        self.calls.lock().unwrap().push(name);
        let delay = self.delays.lock().unwrap().get(name).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
    }
}

macro_rules! passed_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> {
            Box::pin(async move {
                self.before(stringify!($name)).await;
                self.inner.$name($($argument),*).await
            })
        }
    )*};
}

macro_rules! passed_on_with_a_reference {
    ($(fn $name:ident($first:ident: &$referred:ty $(, $argument:ident: $type:ty)*) -> $answer:ty;)*) => {$(
        fn $name<'a>(&'a self, $first: &'a $referred, $($argument: $type),*) -> Answer<'a, $answer> {
            Box::pin(async move {
                self.before(stringify!($name)).await;
                self.inner.$name($first, $($argument),*).await
            })
        }
    )*};
}

impl JobStore for Watched {
    fn listen(&self, topic: Topic) -> Waiter {
        self.inner.listen(topic)
    }

    fn settle_hooks(&self, deliveries: Vec<(HookEvent, Delivery)>) -> Answer<'_, ()> {
        Box::pin(async move {
            self.before("settle_hooks").await;
            self.settled.lock().unwrap().extend(deliveries.clone());
            self.inner.settle_hooks(deliveries).await
        })
    }

    passed_on! {
        fn now() -> Timestamp;
        fn enqueue(jobs: Vec<NewJob>) -> Vec<Enqueued>;
        fn claim(request: ClaimRequest) -> Vec<Claim>;
        fn report(reports: Vec<(Attempt, Report)>) -> Vec<Written>;
        fn finish(outcomes: Vec<(Attempt, Outcome)>) -> Vec<Written>;
        fn stop(selector: JobSelector, limit: u32) -> Stopped;
        fn promote(limit: u32) -> Promoted;
        fn rescue(limit: u32) -> Rescued;
        fn put_schedule(schedule: NewSchedule) -> Job;
        fn schedules() -> Vec<Schedule>;
        fn fire(limit: u32) -> Fired;
        fn due_hooks(request: HookRequest) -> Vec<HookEvent>;
        fn get(ids: Vec<JobId>) -> Vec<Job>;
        fn list(filter: JobFilter) -> JobPage;
        fn queues() -> Vec<QueueRecord>;
        fn register_pool(pool: PoolRecord) -> ();
        fn pools() -> Vec<PoolRecord>;
        fn runs(limit: u32) -> Vec<RunRecord>;
        fn sweep(retention: Retention, limit: u32) -> u64;
    }

    passed_on_with_a_reference! {
        fn heartbeat(pool: &str, attempts: Vec<Attempt>, lease: Duration) -> Vec<Signal>;
        fn attempts(id: &JobId) -> Vec<AttemptRecord>;
        fn executions(schedule: &JobId, unfinished_only: bool, offset: u64, limit: u32) -> Executions;
        fn set_paused(queue: &str, paused: bool) -> ();
        fn remove_pool(pool: &str) -> ();
    }
}
