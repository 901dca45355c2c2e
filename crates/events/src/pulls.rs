//! Pulls: a bounded queue in front of one task that writes them in batches.
//!
//! A crash loses what waited, at most a second's worth. A database that is away for longer makes
//! the queue overflow, which is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seawall_database::{BoxFuture, Database, DatabaseError, Timestamp, Tx};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId, TagId};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::{AuditEntry, AuditSettings, Operation, Origin, ResourceType, outbox, store};

/// The most pulls in one transaction.
const BATCH: usize = 2_000;
/// The pause before a batch is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long the last batches may take at shutdown.
const LAST: Duration = Duration::from_secs(10);
/// When old events leave the outbox.
const FIRST_TRIM: Duration = Duration::from_mins(1);
const TRIM_INTERVAL: Duration = Duration::from_hours(1);

/// A manifest that was pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// When.
    pub time: Timestamp,
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// The repository, with the project's name.
    pub repository_name: String,
    /// The repository.
    pub repository_id: RepositoryId,
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// The tag, if it was pulled by tag.
    pub tag_id: Option<TagId>,
    /// `:tag` or `@digest`, as pulled.
    pub reference: String,
    /// Who; empty for an anonymous caller.
    pub username: String,
    /// From where.
    pub origin: Origin,
}

impl Pull {
    fn line(&self) -> AuditEntry {
        let resource = format!("{}{}", self.repository_name, self.reference);
        let mut line = AuditEntry {
            op_time: self.time,
            project_id: Some(self.project_id),
            project_name: self.project_name.clone(),
            operation_description: format!("pull artifact: {resource}"),
            resource,
            resource_type: ResourceType::Artifact,
            operation: Operation::Pull,
            succeeded: true,
            status: 200,
            username: self.username.clone(),
            origin: self.origin.clone(),
        };
        line.bound();
        line
    }
}

/// Brings pull counts and pull times up to date, in the transaction that writes the audit lines.
/// It may run twice, as any operation of a transaction, and takes rows in an order of its own
/// (by id), since other replicas do the same.
pub type PullCounter = Arc<
    dyn for<'t> Fn(&'t mut Tx, &'t [Pull]) -> BoxFuture<'t, Result<(), DatabaseError>>
        + Send
        + Sync,
>;

pub(crate) struct Pulls {
    queue: mpsc::Sender<Waiting>,
    waits: bool,
    lost: Arc<AtomicU64>,
    /// Tells the task not to wait any longer: someone waits, or the queue is half full.
    hurry: Arc<Notify>,
}

enum Waiting {
    Pull(Pull),
    /// A pull whose sender waits for the outcome.
    Awaited(Pull, Reply),
    Shutdown(oneshot::Sender<()>),
}

impl Pulls {
    pub(crate) fn start(
        database: Database,
        settings: &AuditSettings,
        counter: PullCounter,
    ) -> Self {
        let (queue, receiver) = mpsc::channel(settings.pull_queue.max(1));
        let lost = Arc::new(AtomicU64::new(0));
        let hurry = Arc::new(Notify::new());
        let task = Task {
            database: database.clone(),
            counter,
            interval: settings.pull_interval,
            lost: Arc::clone(&lost),
            hurry: Arc::clone(&hurry),
        };
        let work = tokio::spawn(task.run(receiver));
        tokio::spawn(trim(database, settings.outbox_retention, work));
        Self {
            queue,
            waits: settings.pulls_wait,
            lost,
            hurry,
        }
    }

    pub(crate) async fn record(&self, pull: Pull) -> Result<(), DatabaseError> {
        if self.waits {
            let (reply, written) = oneshot::channel();
            let queued = self
                .queue
                .send_timeout(Waiting::Awaited(pull, reply), LAST)
                .await;
            queued.map_err(|_| {
                DatabaseError::Busy("too many pulls wait for the audit log".to_owned())
            })?;
            self.hurry.notify_one();
            return written.await.unwrap_or_else(|_| Err(stopped()));
        }
        if self.queue.try_send(Waiting::Pull(pull)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        } else if self.queue.capacity() < self.queue.max_capacity() / 2 {
            self.hurry.notify_one();
        }
        Ok(())
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self
            .queue
            .send_timeout(Waiting::Shutdown(reply), LAST)
            .await
            .is_ok()
        {
            self.hurry.notify_one();
            let _ = tokio::time::timeout(2 * LAST, done).await;
        }
    }
}

fn stopped() -> DatabaseError {
    DatabaseError::Unavailable("the audit log is closed".to_owned())
}

struct Task {
    database: Database,
    counter: PullCounter,
    interval: Duration,
    lost: Arc<AtomicU64>,
    hurry: Arc<Notify>,
}

impl Task {
    async fn run(self, mut queue: mpsc::Receiver<Waiting>) {
        let mut backlog = false;
        // Nothing happens while nothing is pulled.
        while let Some(first) = queue.recv().await {
            if !backlog {
                tokio::select! {
                    () = sleep(self.interval) => {}
                    () = self.hurry.notified() => {}
                }
            }
            let mut batch = Batch::default();
            batch.add(first);
            while batch.pulls.len() < BATCH
                && let Ok(waiting) = queue.try_recv()
            {
                batch.add(waiting);
            }
            backlog = batch.pulls.len() == BATCH;
            let shutdown = batch.shutdown.take();
            self.write(batch, shutdown.is_some()).await;
            if let Some(done) = shutdown {
                queue.close();
                self.write_rest(&mut queue).await;
                let _ = done.send(());
                return;
            }
        }
    }

    async fn write_rest(&self, queue: &mut mpsc::Receiver<Waiting>) {
        loop {
            let mut batch = Batch::default();
            while batch.pulls.len() < BATCH
                && let Ok(waiting) = queue.try_recv()
            {
                batch.add(waiting);
            }
            if batch.pulls.is_empty() {
                return;
            }
            self.write(batch, true).await;
        }
    }

    /// Writes a batch, however long it takes unless someone waits or it is among the `last`.
    async fn write(&self, batch: Batch, last: bool) {
        if batch.pulls.is_empty() {
            return;
        }
        let pulls: Arc<[Pull]> = batch.pulls.into();
        let began = Instant::now();
        loop {
            let error = match self.write_once(&pulls).await {
                Ok(()) => return answer(batch.replies, &Ok(())),
                Err(error) => error,
            };
            if !error.is_retryable() {
                return self.write_one_by_one(&pulls, batch.replies).await;
            }
            if !batch.replies.is_empty() || (last && began.elapsed() > LAST) {
                self.lose(pulls.len(), &error);
                return answer(batch.replies, &Err(error));
            }
            tracing::warn!(%error, pulls = pulls.len(), "pulls wait for the database");
            sleep(RETRY).await;
        }
    }

    /// Finds out which pulls cannot be written, and writes the others.
    async fn write_one_by_one(&self, pulls: &[Pull], replies: Vec<Reply>) {
        let mut replies = replies.into_iter();
        for pull in pulls {
            let result = self.write_once(&Arc::from([pull.clone()])).await;
            if let Err(error) = &result {
                self.lose(1, error);
            }
            if let Some(reply) = replies.next() {
                let _ = reply.send(result);
            }
        }
    }

    async fn write_once(&self, pulls: &Arc<[Pull]>) -> Result<(), DatabaseError> {
        let lines: Arc<[AuditEntry]> = pulls.iter().map(Pull::line).collect();
        let (pulls, counter) = (Arc::clone(pulls), Arc::clone(&self.counter));
        self.database
            .write(move |tx| {
                let (pulls, counter, lines) =
                    (Arc::clone(&pulls), Arc::clone(&counter), Arc::clone(&lines));
                Box::pin(async move {
                    store::insert_lines(tx, &lines).await?;
                    counter(tx, &pulls).await
                })
            })
            .await
    }

    fn lose(&self, pulls: usize, error: &DatabaseError) {
        let lost = u64::try_from(pulls).unwrap_or(u64::MAX);
        self.lost.fetch_add(lost, Ordering::Relaxed);
        tracing::error!(%error, lost, "pulls are missing from the audit log and the pull counts");
    }
}

type Reply = oneshot::Sender<Result<(), DatabaseError>>;

fn answer(replies: Vec<Reply>, result: &Result<(), DatabaseError>) {
    for reply in replies {
        let _ = reply.send(result.clone());
    }
}

/// Pulls that are written together. Either all of their senders wait or none does.
#[derive(Default)]
struct Batch {
    pulls: Vec<Pull>,
    replies: Vec<Reply>,
    shutdown: Option<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, waiting: Waiting) {
        match waiting {
            Waiting::Pull(pull) => self.pulls.push(pull),
            Waiting::Awaited(pull, reply) => {
                self.pulls.push(pull);
                self.replies.push(reply);
            }
            Waiting::Shutdown(done) => self.shutdown = Some(done),
        }
    }
}

/// Takes old events out of the outbox for as long as `work` goes on.
async fn trim(database: Database, retention: Duration, work: JoinHandle<()>) {
    let mut next = FIRST_TRIM;
    tokio::pin!(work);
    loop {
        tokio::select! {
            () = sleep(next) => {}
            _ = &mut work => return,
        }
        next = TRIM_INTERVAL;
        if let Err(error) = outbox::trim(&database, Timestamp::now().minus(retention)).await {
            tracing::warn!(%error, "old events stay in the outbox");
        }
    }
}
