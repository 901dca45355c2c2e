//! A time limit for statements: SQLite asks now and then whether to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::database_error;
use crate::DatabaseError;

/// Steps of SQLite's machine between two questions: well under a millisecond.
const STEPS: i32 = 20_000;

/// When the running statement must end.
pub(crate) struct Deadline {
    start: Instant,
    /// In milliseconds since `start`.
    at: AtomicU64,
    /// Whether nobody wants what the connection does, now or later.
    abandoned: AtomicBool,
}

impl Deadline {
    /// Installs a deadline on a connection. At first there is none.
    pub(super) fn install(connection: &mut Connection) -> Result<Arc<Self>, DatabaseError> {
        let deadline = Arc::new(Self {
            start: Instant::now(),
            at: AtomicU64::new(u64::MAX),
            abandoned: AtomicBool::new(false),
        });
        let asked = Arc::clone(&deadline);
        connection
            .progress_handler(STEPS, Some(move || asked.is_over()))
            .map_err(|error| database_error(&error))?;
        Ok(deadline)
    }

    /// The statement that follows has `limit` from now; none if it is `None`.
    pub(super) fn set(&self, limit: Option<Duration>) {
        let at = limit.map_or(u64::MAX, |limit| {
            self.elapsed().saturating_add(millis(limit))
        });
        self.at.store(at, Ordering::Relaxed);
    }

    /// Ends the statement that runs and every later one.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || self.elapsed() >= self.at.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> u64 {
        millis(self.start.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
