//! What a run has in its hands.

use tokio_util::sync::CancellationToken;

use crate::log::JobLog;
use crate::{Attempt, Job, Parameters, Progress};

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
}

impl JobContext {
    /// What the job was given.
    pub fn parameters(&self) -> &Parameters {
        &self.job.parameters
    }

    /// Tells how far the run is. It does not wait; the latest is written once a second.
    pub fn progress(&self, progress: Progress) {
        let _ = progress;
        todo!()
    }

    /// Tells the receiver of the job's hook something, durably when this returns. False if the
    /// attempt has lost its lease.
    pub async fn check_in(&self, text: impl Into<String>) -> bool {
        let _ = text.into();
        todo!()
    }
}
