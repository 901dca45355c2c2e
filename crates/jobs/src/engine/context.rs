//! What a run has in its hands.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::active::ActiveRun;
use crate::log::JobLog;
use crate::{Attempt, Job, JobStore, MOST_PROGRESS_BYTES, Parameters, Progress, Report, Written};

/// How long to wait before a check-in that could not be written is written again.
const PAUSE: Duration = Duration::from_millis(500);

/// What a run has in its hands. Clones are of the same run.
#[derive(Clone, Debug)]
pub struct JobContext {
    /// The job as it was claimed.
    pub job: Job,
    /// The right to run it.
    pub attempt: Attempt,
    /// Its log.
    pub log: JobLog,
    /// Set when the run should end: the job was stopped, its lease is lost, or the process ends.
    pub cancelled: CancellationToken,
    pub(super) run: Arc<ActiveRun>,
    pub(super) store: Arc<dyn JobStore>,
}

impl JobContext {
    /// What the job was given.
    pub fn parameters(&self) -> &Parameters {
        &self.job.parameters
    }

    /// Tells how far the run is. It does not wait; the latest is written once a second. Its message is
    /// cut to [`MOST_PROGRESS_BYTES`].
    pub fn progress(&self, mut progress: Progress) {
        let end = progress.message.floor_char_boundary(MOST_PROGRESS_BYTES);
        progress.message.truncate(end);
        self.run.set_progress(progress);
    }

    /// Tells the receiver of the job's hook something, durably when this returns. False if it could
    /// not be written: the attempt has lost its lease, was cancelled while the store failed, or the
    /// text is longer than [`MOST_CHECK_IN_BYTES`](crate::MOST_CHECK_IN_BYTES), as the job's log says.
    pub async fn check_in(&self, text: impl Into<String>) -> bool {
        let report = vec![(self.attempt.clone(), Report::CheckIn(text.into()))];
        loop {
            match self.store.report(report.clone()).await {
                Ok(written) => return written.first().is_some_and(|one| *one != Written::Fenced),
                Err(error) if error.is_retryable() && !self.cancelled.is_cancelled() => {
                    tracing::debug!(job = %self.job.id, %error, "a check-in waits");
                }
                Err(error) => {
                    tracing::warn!(job = %self.job.id, %error, "a check-in is lost");
                    self.log.error(format_args!("a check-in is lost: {error}"));
                    return false;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
