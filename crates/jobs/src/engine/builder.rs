//! How an engine is put together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{EndObserver, HookReceiver, Running, StartError, start};
use crate::log::JobLogs;
use crate::store::Retention;
use crate::{JobStore, JobType};

/// How an engine is put together.
pub struct EngineBuilder {
    pub(super) store: Arc<dyn JobStore>,
    pub(super) types: Vec<JobType>,
    pub(super) workers: u32,
    pub(super) logs: JobLogs,
    pub(super) receivers: HashMap<String, HookReceiver>,
    pub(super) retention: Retention,
    pub(super) lease: Duration,
    pub(super) client: Option<reqwest::Client>,
    pub(super) pool: Option<String>,
    pub(super) observer: Option<EndObserver>,
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("types", &self.types)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

impl EngineBuilder {
    pub(crate) fn new(store: Arc<dyn JobStore>) -> Self {
        Self {
            store,
            types: Vec::new(),
            workers: 10,
            logs: JobLogs::new(),
            receivers: HashMap::new(),
            retention: Retention::default(),
            lease: Duration::from_secs(30),
            client: None,
            pool: None,
            observer: None,
        }
    }

    /// Runs jobs of this type.
    #[must_use]
    pub fn register(mut self, job_type: JobType) -> Self {
        self.types.push(job_type);
        self
    }

    /// Runs so many jobs at a time; with none, it still fires schedules and delivers hooks.
    #[must_use]
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Where the logs of the runs go.
    #[must_use]
    pub fn logs(mut self, logs: JobLogs) -> Self {
        self.logs = logs;
        self
    }

    /// Delivers the hooks for [`HookTarget::in_process`](crate::HookTarget::in_process) of this name.
    #[must_use]
    pub fn receiver(mut self, name: impl Into<String>, receiver: HookReceiver) -> Self {
        self.receivers.insert(name.into(), receiver);
        self
    }

    /// The client that posts hooks, for its TLS. By default one that trusts the public roots. Its
    /// `tcp_user_timeout` is to be [`HOOK_TCP_TIMEOUT`](super::HOOK_TCP_TIMEOUT).
    #[must_use]
    pub fn hook_client(mut self, client: reqwest::Client) -> Self {
        self.client = Some(client);
        self
    }

    /// For how long final jobs are kept.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// How long a lease is: how long it takes until a job goes on elsewhere after its worker died.
    /// Heartbeats come three times as often.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(100));
        self
    }

    /// The id of its pool of workers; by default a random one.
    #[must_use]
    pub fn pool(mut self, id: impl Into<String>) -> Self {
        self.pool = Some(id.into());
        self
    }

    /// Called when a run has ended, for metrics. It must not block.
    #[must_use]
    pub fn on_end(mut self, observer: EndObserver) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Starts it on the present Tokio runtime.
    pub async fn start(self) -> Result<Running, StartError> {
        start::start(self).await
    }
}
