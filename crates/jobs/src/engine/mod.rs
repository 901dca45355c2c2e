//! What runs the jobs of a store: workers, leases, retries, schedules, hooks and sweeps.
//!
//! Any number of engines, in any number of processes, may serve one store.

mod builder;
mod context;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use builder::EngineBuilder;
pub use context::JobContext;

use crate::{HookEvent, JobStore, JobType, StoreError};

/// Takes hooks inside the process. An error, or taking longer than 30 s, means: again later.
pub type HookReceiver =
    Arc<dyn Fn(HookEvent) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

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

/// An engine that runs. Dropping it cuts its runs off as a crash would; end it with
/// [`Running::drain`].
#[derive(Debug)]
pub struct Running {
    store: Arc<dyn JobStore>,
    types: Arc<Vec<JobType>>,
    pool: String,
}

impl Running {
    /// The store.
    pub fn store(&self) -> &Arc<dyn JobStore> {
        &self.store
    }

    /// The types that it runs.
    pub fn types(&self) -> &[JobType] {
        &self.types
    }

    /// The id of its pool of workers.
    pub fn pool(&self) -> &str {
        &self.pool
    }

    /// Takes no more jobs, waits for those that run until the deadline, then cancels them, gives
    /// them a moment to end, and puts back into the queue what has not ended.
    pub async fn drain(self, deadline: Duration) {
        let _ = deadline;
        todo!()
    }
}
