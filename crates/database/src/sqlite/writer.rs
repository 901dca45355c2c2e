//! The one thread that writes. It runs the operations that wait as savepoints of one transaction,
//! commits once, and only then answers.
//!
//! What holds whatever happens: an operation that was answered with success is durable; one that
//! was answered with an error left nothing behind; neither a failure nor a panic of one touches
//! another; none is answered before the commit of what it saw.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument as _, Span};

use super::{LinkOptions, SqliteLink};
use crate::operation::{self, AfterCommit, OperationFn};
use crate::{BoxFuture, DatabaseError, TransactionError, Tx};

/// The most operations in one commit.
const GROUP_SIZE: usize = 128;
/// After this long a group takes no more operations, so that its first need not wait for long.
const GROUP_TIME: Duration = Duration::from_millis(20);

/// An operation in the queue, whatever its types.
pub(super) trait Queued: Send {
    /// Runs it once and keeps the result. It may run again. True if it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx, limit: Duration) -> BoxFuture<'t, bool>;
    /// Answers with the result of the last run.
    fn answer(self: Box<Self>);
    /// Answers with a failure that is not its own.
    fn fail(self: Box<Self>, error: &DatabaseError);
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// Whether the writer is asked to stop.
    fn is_close(&self) -> bool {
        false
    }
}

pub(super) struct Operation<T, E, F> {
    run: F,
    limit: Option<Duration>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    span: Span,
}

impl<T, E, F> Operation<T, E, F> {
    pub(super) fn new(
        operation: F,
        limit: Option<Duration>,
        reply: oneshot::Sender<Result<T, E>>,
        span: Span,
    ) -> Self {
        Self {
            run: operation,
            limit,
            result: None,
            reply,
            span,
        }
    }
}

impl<T: Send, E: TransactionError, F: OperationFn<T, E>> Queued for Operation<T, E, F> {
    fn run<'t>(&'t mut self, tx: &'t mut Tx, limit: Duration) -> BoxFuture<'t, bool> {
        let span = self.span.clone();
        Box::pin(
            async move {
                let result = operation::run(&self.run, tx, self.limit.unwrap_or(limit)).await;
                self.result.insert(result).is_ok()
            }
            .instrument(span),
        )
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            let _ = self.reply.send(result);
        }
    }

    fn fail(self: Box<Self>, error: &DatabaseError) {
        let _ = self.reply.send(Err(error.clone().into()));
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Asks the writer to stop after what stands before it in the queue.
pub(super) struct Close(oneshot::Sender<()>);

impl Close {
    pub(super) fn new(closed: oneshot::Sender<()>) -> Self {
        Self(closed)
    }
}

impl Queued for Close {
    fn run<'t>(&'t mut self, _: &'t mut Tx, _: Duration) -> BoxFuture<'t, bool> {
        Box::pin(async { true })
    }

    fn answer(self: Box<Self>) {
        let _ = self.0.send(());
    }

    fn fail(self: Box<Self>, _: &DatabaseError) {}

    fn is_abandoned(&self) -> bool {
        false
    }

    fn is_close(&self) -> bool {
        true
    }
}

pub(super) struct Writer {
    options: LinkOptions,
    tx: Tx,
    statement_timeout: Duration,
}

impl Writer {
    pub(super) fn open(
        options: LinkOptions,
        statement_timeout: Duration,
    ) -> Result<Self, DatabaseError> {
        let tx = connect(&options, statement_timeout)?;
        Ok(Self {
            options,
            tx,
            statement_timeout,
        })
    }

    /// Runs until it is asked to close or nobody can ask for anything any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Queued>>) {
        let mut closed = None;
        while let Some(first) = queue.recv().await {
            closed = self.run_group(first, &mut queue).await;
            if closed.is_some() {
                queue.close();
                break;
            }
        }
        // Leaves one file behind rather than a file and a log.
        let _ = self.tx.control("PRAGMA wal_checkpoint(TRUNCATE)");
        drop(self.tx.take_sqlite());
        if let Some(closed) = closed {
            closed.answer();
        }
    }

    /// Runs `first` and what waits behind it in one transaction. Gives back a request to close.
    async fn run_group(
        &mut self,
        first: Box<dyn Queued>,
        queue: &mut mpsc::Receiver<Box<dyn Queued>>,
    ) -> Option<Box<dyn Queued>> {
        let started = Instant::now();
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(queued) = next.take() {
            if queued.is_close() {
                self.commit(group).await;
                return Some(queued);
            }
            if !queued.is_abandoned() {
                group = self.add(group, queued).await;
            }
            if group.members.len() < GROUP_SIZE && started.elapsed() < GROUP_TIME {
                next = queue.try_recv().ok();
            }
        }
        self.commit(group).await;
        None
    }

    /// Runs one more operation in the transaction of `group`, and gives back the group that is
    /// then open.
    async fn add(&mut self, mut group: Group, mut queued: Box<dyn Queued>) -> Group {
        // The first needs no savepoint: nothing else is lost if its transaction is rolled back.
        let alone = group.members.is_empty();
        let opened = if alone {
            self.begin()
        } else {
            self.savepoint(&group)
        };
        if let Err(error) = opened {
            queued.fail(&error);
            return if alone {
                group
            } else {
                self.salvage(group).await
            };
        }
        group.savepoint = !alone;
        if queued.run(&mut self.tx, 2 * self.statement_timeout).await {
            group.actions.append(&mut self.tx.take_after_commit());
            group.members.push(queued);
            return group;
        }
        self.tx.take_after_commit();
        if alone {
            self.roll_back();
            queued.answer();
            return group;
        }
        if self.tx.control("ROLLBACK TO operation").is_err() {
            // The failure took the whole transaction with it (a full disk, an I/O error).
            queued.answer();
            return self.salvage(group).await;
        }
        // It may have failed by what it saw of the others, so it is answered with them.
        group.members.push(queued);
        group
    }

    async fn commit(&mut self, group: Group) {
        if group.members.is_empty() {
            return;
        }
        match self.tx.control("COMMIT") {
            Ok(()) => {
                drop(AfterCommit(group.actions));
                group.members.into_iter().for_each(Queued::answer);
            }
            // A constraint that is checked at the end may be the fault of one only.
            Err(error) if group.members.len() > 1 && !error.is_retryable() => {
                self.salvage(group).await;
            }
            Err(error) => {
                self.roll_back();
                group
                    .members
                    .into_iter()
                    .for_each(|queued| queued.fail(&error));
            }
        }
    }

    /// Gives each operation of a group whose transaction is lost a transaction of its own, and
    /// gives back an empty group.
    async fn salvage(&mut self, group: Group) -> Group {
        self.roll_back();
        for mut queued in group.members {
            if let Err(error) = self.begin() {
                queued.fail(&error);
                continue;
            }
            let succeeded = queued.run(&mut self.tx, 2 * self.statement_timeout).await;
            let actions = self.tx.take_after_commit();
            if !succeeded {
                self.roll_back();
                queued.answer();
                continue;
            }
            match self.tx.control("COMMIT") {
                Ok(()) => {
                    drop(AfterCommit(actions));
                    queued.answer();
                }
                Err(error) => {
                    self.roll_back();
                    queued.fail(&error);
                }
            }
        }
        Group::default()
    }

    /// Opens a savepoint in place of the one before it.
    fn savepoint(&mut self, group: &Group) -> Result<(), DatabaseError> {
        if group.savepoint {
            self.tx.control("RELEASE operation")?;
        }
        self.tx.control("SAVEPOINT operation")
    }

    /// Opens a transaction, on a new connection if the present one is of no use any more.
    fn begin(&mut self) -> Result<(), DatabaseError> {
        let Err(error) = self.tx.control("BEGIN IMMEDIATE") else {
            return Ok(());
        };
        if matches!(error, DatabaseError::Busy(_)) {
            return Err(error);
        }
        tracing::warn!(%error, "the database's writer connects again");
        self.tx = connect(&self.options, self.statement_timeout)?;
        self.tx.control("BEGIN IMMEDIATE")
    }

    /// Ends the transaction. SQLite may have done so already, which is no error.
    fn roll_back(&mut self) {
        let _ = self.tx.control("ROLLBACK");
    }
}

/// The operations that ran in the open transaction; without any, none is open.
#[derive(Default)]
struct Group {
    members: Vec<Box<dyn Queued>>,
    /// What the successful ones asked to be done after the commit.
    actions: Vec<Box<dyn FnOnce() + Send>>,
    /// Whether a savepoint is open.
    savepoint: bool,
}

fn connect(options: &LinkOptions, statement_timeout: Duration) -> Result<Tx, DatabaseError> {
    Ok(Tx::sqlite(SqliteLink::open(options)?, statement_timeout))
}
