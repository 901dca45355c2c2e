//! Reads that may take their time, on a thread that may block.
//!
//! The connection goes with the work and comes back with its end. Where nobody waits for the end
//! any more, SQLite is told to stop and the connection is closed.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::deadline::Deadline;
use super::link::SqliteLink;
use crate::DatabaseError;

/// Work on a connection that is under way elsewhere.
pub(crate) struct Offloaded<R> {
    task: JoinHandle<(SqliteLink, R)>,
    deadline: Arc<Deadline>,
    ended: bool,
}

impl<R: Send + 'static> Offloaded<R> {
    fn start(link: SqliteLink, work: impl FnOnce(&SqliteLink) -> R + Send + 'static) -> Self {
        let deadline = Arc::clone(link.deadline());
        let task = tokio::task::spawn_blocking(move || {
            let result = work(&link);
            (link, result)
        });
        Self {
            task,
            deadline,
            ended: false,
        }
    }

    async fn end(mut self) -> Result<(SqliteLink, R), DatabaseError> {
        let ended = (&mut self.task).await;
        self.ended = true;
        ended.map_err(|error| DatabaseError::Other(format!("a statement: {error}")))
    }

    /// Runs `work` elsewhere and waits for it.
    pub(crate) async fn run(
        link: SqliteLink,
        work: impl FnOnce(&SqliteLink) -> R + Send + 'static,
    ) -> Result<(SqliteLink, R), DatabaseError> {
        Self::start(link, work).end().await
    }
}

impl<R> Drop for Offloaded<R> {
    fn drop(&mut self) {
        if !self.ended {
            self.deadline.abandon();
        }
    }
}
