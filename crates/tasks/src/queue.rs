//! Which queues are paused: the truth, which the job store is reminded of.

use seawall_database::{DatabaseError, Timestamp, Tx, params};
use seawall_jobs::check_name;

use crate::tasks::Bell;
use crate::{Tasks, TasksError};

const PAUSE: &str = "INSERT INTO paused_queues (name, update_time) VALUES ($1, $2) \
    ON CONFLICT (name) DO NOTHING";
const RESUME: &str = "DELETE FROM paused_queues WHERE name = $1";
const LIST: &str = "SELECT name FROM paused_queues ORDER BY name";

pub(crate) const STATEMENTS: &[&str] = &[PAUSE, RESUME, LIST];

async fn set(tx: &mut Tx, queue: &str, paused: bool, now: Timestamp) -> Result<(), DatabaseError> {
    if paused {
        tx.execute(PAUSE, params![queue, now]).await.map(drop)
    } else {
        tx.execute(RESUME, params![queue]).await.map(drop)
    }
}

pub(crate) async fn paused(tx: &mut Tx) -> Result<Vec<String>, DatabaseError> {
    tx.fetch_all(LIST, params![]).await
}

impl Tasks {
    /// Keeps the jobs of a queue from being handed out, or no longer. The job store hears of it
    /// soon after the commit. The queue [`SCHEDULER`](crate::SCHEDULER) stands for all schedules.
    ///
    /// # Errors
    /// `Invalid` if no queue can have this name.
    pub async fn set_paused(
        &self,
        tx: &mut Tx,
        queue: &str,
        paused: bool,
    ) -> Result<(), TasksError> {
        if let Err(error) = check_name(queue) {
            return Err(TasksError::Invalid(error.to_string()));
        }
        let now = self.now(tx).await?;
        set(tx, queue, paused, now).await?;
        self.ring(Bell::Queues, tx);
        if queue == crate::SCHEDULER {
            self.ring(Bell::Schedules, tx);
        }
        Ok(())
    }

    /// The queues that are paused, by name.
    pub async fn paused_queues(&self) -> Result<Vec<String>, TasksError> {
        let mut reader = self.database().read().await?;
        Ok(paused(&mut reader).await?)
    }
}
