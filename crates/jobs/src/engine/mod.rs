//! What runs the jobs of a store: workers, leases, retries, schedules, hooks and sweeps.
//!
//! Any number of engines, in any number of processes, may serve one store. An engine is a handful
//! of tasks: `claims` hands jobs to workers, `run` is one run, `ends` writes how they ended,
//! `leases` keeps them, `rounds` does what time brings, `hooks` empties the outbox (`destinations`:
//! whom it waits for). `active` is what they share, `start` begins and ends them.

mod active;
mod builder;
mod claims;
mod context;
mod destinations;
mod ends;
mod hooks;
mod leases;
mod rounds;
mod run;
mod start;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use builder::EngineBuilder;
pub use context::JobContext;
pub use hooks::HOOK_TCP_TIMEOUT;
pub use start::Running;

use crate::{HookEvent, Job, JobStore, Outcome, StoreError};

/// Takes hooks inside the process. An error, or taking longer than 30 s, means: again later.
pub type HookReceiver =
    Arc<dyn Fn(HookEvent) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// Hears how a run ended and how long it took. What it hears is not yet written to the store.
pub type EndObserver = Arc<dyn Fn(&Job, &Outcome, Duration) + Send + Sync>;

/// Makes engines: [`Engine::builder`].
#[derive(Debug)]
pub struct Engine;

impl Engine {
    /// An engine for the jobs of `store`, yet without a type, with 10 workers.
    pub fn builder(store: Arc<dyn JobStore>) -> EngineBuilder {
        EngineBuilder::new(store)
    }
}

/// Why an engine does not start.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two types have this name.
    #[error("two types of jobs are called {0:?}")]
    Duplicate(String),
    /// The client for hooks cannot be made.
    #[error("the client for hooks: {0}")]
    Client(String),
}
