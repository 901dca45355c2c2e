//! The engine on the stores for SQLite and PostgreSQL, with the real clock.

mod drain;
mod hooks;
mod leases;
mod limits;
mod logs;
mod runs;
mod schedules;
mod watched;

use std::sync::Arc;
use std::time::{Duration, Instant};

use seawall_jobs::conformance::Place as _;
use seawall_jobs::{
    Backoff, Clock, Engine, EngineBuilder, Enqueued, Job, JobContext, JobFailure, JobId, JobStore,
    JobType, NewJob, Status,
};
use seawall_testkit::databases;

use crate::stores::SqlPlace;

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A store to run engines on.
pub(crate) struct House {
    pub(crate) place: SqlPlace,
    pub(crate) store: Arc<dyn JobStore>,
}

/// One of each engine.
pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for backing in databases() {
        let place = SqlPlace::new(backing).await;
        let store = place.open(Clock::Store).await;
        houses.push(House { place, store });
    }
    houses
}

impl House {
    /// An engine as another process would have it.
    pub(crate) async fn engine(&self) -> EngineBuilder {
        Engine::builder(self.place.open(Clock::Store).await)
    }

    pub(crate) async fn add(&self, job: NewJob) -> JobId {
        add(&*self.store, job).await
    }

    pub(crate) async fn job(&self, id: &JobId) -> Job {
        self.store
            .find(id)
            .await
            .unwrap()
            .expect("the job is there")
    }

    pub(crate) async fn wait_status(&self, id: &JobId, status: Status) -> Job {
        let started = Instant::now();
        loop {
            let job = self.job(id).await;
            if job.status == status {
                return job;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{status} was not reached: {job:?}"
            );
            pause().await;
        }
    }
}

pub(crate) async fn add(store: &dyn JobStore, job: NewJob) -> JobId {
    match store.enqueue(vec![job]).await.unwrap().pop().unwrap() {
        Enqueued::New(job) => job.id,
        Enqueued::Existing(id) => panic!("{id} is there already"),
    }
}

/// Waits for a condition to be looked at again.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "it never happened: {what}");
        pause().await;
    }
}

/// A type that is tried again after moments rather than seconds.
pub(crate) fn quick<F, R>(name: &str, run: F) -> JobType
where
    F: Fn(JobContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), JobFailure>> + Send + 'static,
{
    JobType {
        backoff: Backoff::Exponential {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(50),
        },
        ..JobType::new(name, run)
    }
}
