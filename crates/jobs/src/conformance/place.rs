//! Where a store under test keeps its jobs, and short words for the cases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_database::Timestamp;
use serde_json::json;

use crate::{
    Attempt, Claim, ClaimRequest, ClaimType, Clock, Enqueued, HeldClock, HookEvent, HookRequest,
    HookTarget, Job, JobId, JobStore, NewJob, Outcome, Parameters, Status, Written,
};

/// An empty store, which vanishes when this is dropped.
pub trait Place: Send + Sync {
    /// Opens it as another process would: each call gives a store of its own on the same jobs.
    fn open(&self, clock: Clock) -> BoxFuture<'_, Arc<dyn JobStore>>;

    /// Whether tenants of one type take turns.
    fn takes_turns(&self) -> bool {
        true
    }

    /// Whether a head start decides which of two types goes first, rather than making it likely.
    fn keeps_priorities(&self) -> bool {
        true
    }
}

/// What the function given to [`conformance!`](crate::conformance) makes.
pub type BoxedPlace = Box<dyn Place>;

/// The lease of the cases.
pub const LEASE: Duration = Duration::from_secs(30);

/// A store with a clock that stands still, and short words for what cases do.
#[derive(Debug)]
pub struct Rooms {
    pub store: Arc<dyn JobStore>,
    pub clock: HeldClock,
}

impl Rooms {
    /// Opens a place at 2026-01-01T00:00:00Z.
    pub async fn open(place: &dyn Place) -> Self {
        let clock = HeldClock::new(Timestamp::from_seconds(1_767_225_600));
        Self::open_at(place, clock).await
    }

    /// Opens a place with this clock.
    pub async fn open_at(place: &dyn Place, clock: HeldClock) -> Self {
        Self {
            store: place.open(Clock::Held(clock.clone())).await,
            clock,
        }
    }

    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub async fn add(&self, job: NewJob) -> JobId {
        match self.store.enqueue(vec![job]).await.unwrap().pop().unwrap() {
            Enqueued::New(job) => job.id,
            Enqueued::Existing(id) => panic!("{id} is there already"),
        }
    }

    pub async fn claim(&self, limit: u32) -> Vec<Claim> {
        self.claim_of(&[("A", None, 0)], limit).await
    }

    pub async fn claim_of(&self, types: &[(&str, Option<u32>, u32)], limit: u32) -> Vec<Claim> {
        claim(&*self.store, types, limit).await
    }

    pub async fn claim_one(&self) -> Claim {
        let mut claims = self.claim(1).await;
        claims.pop().expect("a job can be claimed")
    }

    pub async fn finish(&self, attempt: &Attempt, outcome: Outcome) -> Written {
        let written = self.store.finish(vec![(attempt.clone(), outcome)]).await;
        written.unwrap().pop().unwrap()
    }

    pub async fn job(&self, id: &JobId) -> Job {
        self.store.find(id).await.unwrap().expect("the job exists")
    }

    pub async fn status(&self, id: &JobId) -> Status {
        self.job(id).await.status
    }

    pub async fn due_hooks(&self) -> Vec<HookEvent> {
        self.store.due_hooks(hook_request()).await.unwrap()
    }
}

pub async fn claim(
    store: &dyn JobStore,
    types: &[(&str, Option<u32>, u32)],
    limit: u32,
) -> Vec<Claim> {
    let types = types
        .iter()
        .map(|(name, concurrency, priority)| ClaimType {
            name: (*name).to_owned(),
            concurrency: *concurrency,
            priority: *priority,
        })
        .collect();
    let request = ClaimRequest {
        pool: "pool".to_owned(),
        types,
        limit,
        lease: LEASE,
    };
    store.claim(request).await.unwrap()
}

pub fn hook_request() -> HookRequest {
    HookRequest {
        urls: true,
        receivers: Vec::new(),
        limit: 100,
        lease: Duration::from_mins(1),
    }
}

/// A job of type A with a number as its parameter.
pub fn job(number: usize) -> NewJob {
    NewJob {
        parameters: parameters(number),
        ..NewJob::new("A")
    }
}

pub fn parameters(number: usize) -> Parameters {
    let mut parameters = Parameters::new();
    parameters.insert("number".to_owned(), json!(number));
    parameters
}

/// The number that [`job`] was given.
pub fn number(job: &Job) -> usize {
    let number = job.parameters["number"].as_u64().unwrap();
    usize::try_from(number).unwrap()
}

pub fn with_hook(job: NewJob) -> NewJob {
    NewJob {
        hook: Some(HookTarget::url("http://127.0.0.1:1/hook").unwrap()),
        ..job
    }
}

pub fn error(retry_after: Option<Duration>) -> Outcome {
    Outcome::Error {
        message: "it went wrong".to_owned(),
        retry_after,
    }
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
