//! Reads that may take their time, on a thread that may block.
//!
//! The connection goes with the work and comes back with its end. Where nobody waits for the end
//! any more, SQLite is told to stop and the connection is closed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::deadline::Deadline;
use super::link::SqliteLink;
use crate::{DatabaseError, FromRow, Value};

/// Rows that wait for whoever reads them.
const ROWS: usize = 64;

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

impl Offloaded<Result<(), DatabaseError>> {
    /// Gives the rows of a statement as they are read; gives the connection to `back` behind the
    /// last one.
    pub(crate) fn rows<'t, T: FromRow + Send + 'static>(
        link: SqliteLink,
        back: impl FnOnce(SqliteLink) + Send + 't,
        text: String,
        params: Vec<Value>,
        limit: Option<Duration>,
    ) -> BoxStream<'t, Result<T, DatabaseError>> {
        let (sender, rows) = mpsc::channel(ROWS);
        let work = Self::start(link, move |link| {
            link.query(&text, &params, limit, |row: T| {
                sender.blocking_send(row).is_ok()
            })
        });
        stream::unfold(Some((rows, work, back)), |state| async move {
            let (mut rows, work, back) = state?;
            if let Some(row) = rows.recv().await {
                return Some((Ok(row), Some((rows, work, back))));
            }
            match work.end().await {
                Ok((link, result)) => {
                    back(link);
                    result.err().map(|error| (Err(error), None))
                }
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

impl<R> Drop for Offloaded<R> {
    fn drop(&mut self) {
        if !self.ended {
            self.deadline.abandon();
        }
    }
}
