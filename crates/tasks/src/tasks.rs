//! The handle on executions, schedules and paused queues, and the clock that all of it goes by.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use seawall_database::{Database, DatabaseError, Engine, Timestamp, Tx, params};
use seawall_jobs::{Clock, HookReceiver, JobStore};
use tokio::sync::watch;

use crate::TasksError;
use crate::background::Background;
use crate::change::Change;

/// The name of the receiver of hooks that tells this crate what became of jobs.
pub const RECEIVER: &str = "tasks";

/// The queue that stands for all schedules: while it is paused, none fires. Harbor's name for it.
pub const SCHEDULER: &str = "SCHEDULER";

const NOW_POSTGRES: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

pub(crate) fn clock_statements(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[],
        Engine::Postgres => &[NOW_POSTGRES],
    }
}

/// How often what is looked at.
#[derive(Clone, Debug)]
pub struct TasksSettings {
    /// Whose time decides.
    pub clock: Clock,
    /// How long at most until something is noticed that another process launched.
    pub poll: Duration,
    /// How often tasks are compared with the job store.
    pub reconcile: Duration,
    /// For how long nothing must have been heard of a task before it is compared.
    pub quiet: Duration,
}

impl Default for TasksSettings {
    fn default() -> Self {
        Self {
            clock: Clock::Store,
            poll: Duration::from_secs(2),
            reconcile: Duration::from_secs(30),
            quiet: Duration::from_secs(20),
        }
    }
}

/// Executions, schedules and paused queues. Clones share it.
#[derive(Clone)]
pub struct Tasks {
    inner: Arc<Inner>,
}

/// What was written here and waits for somebody in the background.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bell {
    /// Tasks to submit or to stop.
    Tasks,
    /// A schedule that may be due earlier than was known.
    Schedules,
    /// A queue to pause or to resume.
    Queues,
}

struct Inner {
    database: Database,
    store: Arc<dyn JobStore>,
    settings: TasksSettings,
    bells: [watch::Sender<()>; 3],
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl Tasks {
    /// Over a database whose schema has [`MIGRATIONS`](crate::MIGRATIONS), and the job store that
    /// runs the jobs.
    pub fn new(database: Database, store: Arc<dyn JobStore>, settings: TasksSettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                database,
                store,
                settings,
                bells: std::array::from_fn(|_| watch::Sender::new(())),
            }),
        }
    }

    /// Starts what submits, fires and compares, on the present Tokio runtime.
    pub fn start(&self) -> Background {
        Background::start(self)
    }

    /// What the engine is to call with the hooks for [`RECEIVER`].
    pub fn receiver(&self) -> HookReceiver {
        let tasks = self.clone();
        Arc::new(move |event| {
            let tasks = tasks.clone();
            Box::pin(async move {
                let change = Change::of_event(&event);
                let applied = tasks.apply_in_own_transaction(change).await;
                applied.map_err(|error| error.to_string())
            })
        })
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The job store.
    pub fn job_store(&self) -> &Arc<dyn JobStore> {
        &self.inner.store
    }

    pub(crate) fn settings(&self) -> &TasksSettings {
        &self.inner.settings
    }

    pub(crate) fn listen(&self, bell: Bell) -> watch::Receiver<()> {
        self.inner.bells[bell as usize].subscribe()
    }

    /// Rings once the transaction has committed.
    pub(crate) fn ring(&self, bell: Bell, tx: &mut Tx) {
        let bell = self.inner.bells[bell as usize].clone();
        tx.after_commit(move || {
            bell.send_replace(());
        });
    }

    /// The time that decides: of the database on PostgreSQL, so that replicas agree.
    pub(crate) async fn now(&self, tx: &mut Tx) -> Result<Timestamp, DatabaseError> {
        match (&self.inner.settings.clock, tx.engine()) {
            (Clock::Held(clock), _) => Ok(clock.now()),
            (Clock::Store, Engine::Sqlite) => Ok(Timestamp::now()),
            (Clock::Store, Engine::Postgres) => tx.fetch_one(NOW_POSTGRES, params![]).await,
        }
    }

    /// Runs `operation` in one transaction: what [`Database::write`] does, for callers that have
    /// nothing else to write.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn write<T, F>(&self, operation: F) -> Result<T, TasksError>
    where
        F: for<'t> Fn(
                &'t Tasks,
                &'t mut Tx,
            ) -> seawall_database::BoxFuture<'t, Result<T, TasksError>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let tasks = self.clone();
        let operation = Arc::new(operation);
        self.inner
            .database
            .write(move |tx| {
                let (tasks, operation) = (tasks.clone(), Arc::clone(&operation));
                Box::pin(async move { operation(&tasks, tx).await })
            })
            .await
    }
}
