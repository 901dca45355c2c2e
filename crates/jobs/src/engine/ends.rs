//! Writes how runs ended, many at a time, and until it is written or cannot be any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::active::ActiveRuns;
use super::start::Shared;
use crate::{Attempt, JobStore, Outcome, Report, StoreError, Written};

/// The most ends in one write.
const MOST: usize = 256;
/// How long to wait before a write that failed is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// How a run ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) attempt: Attempt,
    pub(super) outcome: Outcome,
}

/// Writes ends until there is nobody who could send one.
pub(super) async fn write(shared: Arc<Shared>, mut ends: mpsc::Receiver<End>) {
    let mut batch = Vec::new();
    while ends.recv_many(&mut batch, MOST).await > 0 {
        let ended: Vec<(Attempt, Outcome)> = batch
            .drain(..)
            .map(|end| (end.attempt, end.outcome))
            .collect();
        write_progress(&shared, ended.iter().map(|(attempt, _)| attempt)).await;
        match finish(&*shared.store, &ended, shared.lease).await {
            Ok(written) => {
                for ((attempt, _), written) in ended.iter().zip(written) {
                    if written == Written::Fenced {
                        tracing::warn!(job = %attempt.job, attempt = attempt.number,
                            "the end of a run was refused: its lease was lost");
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, runs = ended.len(), "the end of runs cannot be written");
            }
        }
        for (attempt, _) in ended {
            shared.active.remove(attempt.token);
        }
    }
}

/// Tries for twice as long as a lease: after that somebody else has the jobs.
async fn finish(
    store: &dyn JobStore,
    ended: &[(Attempt, Outcome)],
    lease: Duration,
) -> Result<Vec<Written>, StoreError> {
    let started = Instant::now();
    loop {
        match store.finish(ended.to_vec()).await {
            Err(error) if error.is_retryable() && started.elapsed() < 2 * lease => {
                tracing::warn!(%error, runs = ended.len(), "the end of runs waits to be written");
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

/// Writes the progress of these attempts, as far as it is not written yet.
async fn write_progress<'a>(shared: &Shared, attempts: impl Iterator<Item = &'a Attempt>) {
    let reports: Vec<(Attempt, Report)> = attempts
        .filter_map(|attempt| {
            let progress = shared.active.get(attempt.token)?.take_progress()?;
            Some((attempt.clone(), Report::Progress(progress)))
        })
        .collect();
    if !reports.is_empty()
        && let Err(error) = shared.store.report(reports).await
    {
        tracing::debug!(%error, "the progress of jobs is not written");
    }
}

/// Writes what all runs say of their progress, once a second.
pub(super) async fn write_progress_of_all(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let active: &ActiveRuns = &shared.active;
        let attempts: Vec<Attempt> = active.all().iter().map(|run| run.attempt.clone()).collect();
        write_progress(&shared, attempts.iter()).await;
    }
}
