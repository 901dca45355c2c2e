//! A time limit for statements: SQLite asks now and then whether to go on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use std::sync::Arc;

use super::database_error;
use crate::DatabaseError;

/// Steps of SQLite's machine between two questions: well under a millisecond.
const STEPS: i32 = 20_000;

/// When the running statement must end, in milliseconds since `start`.
pub(crate) struct Deadline {
    start: Instant,
    at: AtomicU64,
}

impl Deadline {
    /// Installs a deadline on a connection. At first there is none.
    pub(super) async fn install(
        connection: &mut SqliteConnection,
    ) -> Result<Arc<Self>, DatabaseError> {
        let deadline = Arc::new(Self {
            start: Instant::now(),
            at: AtomicU64::new(u64::MAX),
        });
        let asked = Arc::clone(&deadline);
        let mut handle = connection
            .lock_handle()
            .await
            .map_err(|error| database_error(&error))?;
        handle.set_progress_handler(STEPS, move || {
            asked.elapsed() < asked.at.load(Ordering::Relaxed)
        });
        Ok(deadline)
    }

    /// The statement that follows has `limit` from now; none if it is `None`.
    pub(crate) fn set(&self, limit: Option<Duration>) {
        let at = limit.map_or(u64::MAX, |limit| {
            self.elapsed().saturating_add(millis(limit))
        });
        self.at.store(at, Ordering::Relaxed);
    }

    fn elapsed(&self) -> u64 {
        millis(self.start.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
