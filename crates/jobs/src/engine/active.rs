//! The runs of this engine that are not over: between a claim and the write of its end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::{Attempt, Progress};

/// Why a run was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cause {
    /// It was not.
    None = 0,
    /// The process ends.
    Drained = 1,
    /// Somebody stopped the job.
    Stopped = 2,
    /// The lease is lost: whatever it does, it cannot be written.
    Lost = 3,
}

/// A run, as its tasks share it.
#[derive(Debug)]
pub(super) struct ActiveRun {
    pub(super) attempt: Attempt,
    pub(super) cancelled: CancellationToken,
    cause: AtomicU8,
    progress: Mutex<Option<Progress>>,
    task: Mutex<Option<AbortHandle>>,
}

impl ActiveRun {
    pub(super) fn new(attempt: Attempt) -> Self {
        Self {
            attempt,
            cancelled: CancellationToken::new(),
            cause: AtomicU8::new(Cause::None as u8),
            progress: Mutex::new(None),
            task: Mutex::new(None),
        }
    }

    /// Tells the run to end. Of several causes the gravest counts.
    pub(super) fn cancel(&self, cause: Cause) {
        self.cause.fetch_max(cause as u8, Ordering::AcqRel);
        self.cancelled.cancel();
    }

    pub(super) fn cause(&self) -> Cause {
        match self.cause.load(Ordering::Acquire) {
            1 => Cause::Drained,
            2 => Cause::Stopped,
            3 => Cause::Lost,
            _ => Cause::None,
        }
    }

    pub(super) fn set_progress(&self, progress: Progress) {
        *lock(&self.progress) = Some(progress);
    }

    /// The progress that is not written yet.
    pub(super) fn take_progress(&self) -> Option<Progress> {
        lock(&self.progress).take()
    }

    pub(super) fn set_task(&self, task: AbortHandle) {
        *lock(&self.task) = Some(task);
    }

    /// Cuts the run off wherever it waits.
    pub(super) fn abort(&self) {
        self.cancelled.cancel();
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

/// All of them, by token.
#[derive(Debug, Default)]
pub(super) struct ActiveRuns {
    runs: Mutex<HashMap<i64, Arc<ActiveRun>>>,
    /// Rings when one is over.
    pub(super) over: Notify,
}

impl ActiveRuns {
    pub(super) fn add(&self, run: Arc<ActiveRun>) {
        lock(&self.runs).insert(run.attempt.token, run);
    }

    pub(super) fn remove(&self, token: i64) {
        lock(&self.runs).remove(&token);
        self.over.notify_waiters();
    }

    pub(super) fn get(&self, token: i64) -> Option<Arc<ActiveRun>> {
        lock(&self.runs).get(&token).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<ActiveRun>> {
        lock(&self.runs).values().cloned().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.runs).is_empty()
    }

    /// Waits until there is none.
    pub(super) async fn none(&self) {
        loop {
            let over = self.over.notified();
            tokio::pin!(over);
            over.as_mut().enable();
            if self.is_empty() {
                return;
            }
            over.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
