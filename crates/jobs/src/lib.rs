//! The job engine: work that goes on after a request was answered, on a schedule, or again until it
//! succeeds.
//!
//! - A store keeps the jobs: [`JobStore`], on SQLite and PostgreSQL ([`SqlStore`]) or on Redis.
//! - An [`Engine`] runs them: workers, leases, retries, schedules, hooks, sweeps.
//! - A crate adds a job by defining its parameters and a run function; the program registers it as
//!   a [`JobType`].
//!
//! It knows no domain and no HTTP route. Statuses, revisions, acks and hook bodies are Harbor's.
//! A job runs at least once: its run function must bear being run again after a crash, and every
//! write that it makes through its [`JobContext`] is fenced by the token of its attempt.
//!
//! Where to look next: `store` (the contract), `engine`, `cron`, `log`, `conformance` (what every
//! store must show).

mod attempt;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod cron;
mod engine;
mod error;
mod hook;
mod id;
mod job;
mod job_type;
pub mod log;
mod new_job;
mod schedule;
mod slots;
mod stats;
mod status;
pub mod store;
mod wake;

pub use attempt::{
    Attempt, AttemptRecord, Claim, ClaimRequest, ClaimType, MOST_CHECK_IN_BYTES, MOST_LOSSES,
    MOST_PROGRESS_BYTES, Outcome, Report, Signal, SignalKind, Written,
};
pub use clock::{Clock, HeldClock};
pub use engine::{
    EndObserver, Engine, EngineBuilder, HOOK_TCP_TIMEOUT, HookReceiver, JobContext, Running,
    StartError,
};
pub use error::StoreError;
pub use futures_util::future::BoxFuture;
pub use hook::{Delivery, HookEvent, HookRequest, HookTarget};
pub use id::{InvalidJobId, JobId};
pub use job::{Ack, Job, Kind, Parameters, Progress};
pub use job_type::{Backoff, CheckFunction, JobFailure, JobType, RunFunction};
pub use new_job::{
    MOST_JOBS_AT_ONCE, MOST_NAME_BYTES, MOST_PARAMETER_BYTES, NewJob, Unique, UniqueUntil,
    check_name,
};
pub use schedule::{InvalidRule, MISSED_AFTER, MissedFires, NewSchedule, Overlap, Schedule};
pub use slots::{DueSlots, due_slots};
pub use status::{InvalidStatus, Status};
pub use store::redis::{Losses, RedisOptions, RedisStore};
pub use store::sql::{MIGRATIONS, SqlStore, statements};
pub use store::{Enqueued, JobStore};
pub use tokio_util::sync::CancellationToken;
pub use wake::{Bells, Topic, Waiter};
