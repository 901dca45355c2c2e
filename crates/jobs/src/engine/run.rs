//! One run of a job, from its claim to its outcome.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::JobContext;
use super::active::{ActiveRun, Cause};
use super::ends::End;
use super::start::Shared;
use crate::{Claim, JobFailure, JobType, Outcome};

/// Runs a job. None if its end is nobody's to write any more: the lease is lost.
pub(super) async fn run(
    shared: &Shared,
    job_type: &JobType,
    run: Arc<ActiveRun>,
    claim: Claim,
) -> Option<End> {
    let Claim { job, attempt } = claim;
    let started = Instant::now();
    let log = shared.logs.open(&job.id);
    let context = JobContext {
        job: job.clone(),
        attempt: attempt.clone(),
        log: log.clone(),
        cancelled: run.cancelled.clone(),
        run: Arc::clone(&run),
        store: Arc::clone(&shared.store),
    };
    let span = tracing::info_span!("job", id = %job.id, name = job.name, attempt = attempt.number);
    // A panic, be it in making the future or in it, is a failure of this attempt and no more.
    let work = async { (job_type.run)(context).await };
    let result = match AssertUnwindSafe(work).catch_unwind().instrument(span).await {
        Ok(result) => result,
        Err(panic) => Err(JobFailure::Retryable(format!(
            "the job panicked: {}",
            message(&*panic)
        ))),
    };
    if let Err(failure) = &result {
        log.error(format_args!("attempt {} failed: {failure}", attempt.number));
    }
    log.flush().await;
    if run.cause() == Cause::Lost {
        tracing::warn!(job = %job.id, attempt = attempt.number, "a run ended after its lease was lost");
        return None;
    }
    let outcome = outcome(job_type, &job, run.cause(), result);
    if let Some(observer) = &shared.observer {
        observer(&job, &outcome, started.elapsed());
    }
    Some(End { attempt, outcome })
}

fn outcome(
    job_type: &JobType,
    job: &crate::Job,
    cause: Cause,
    result: Result<(), JobFailure>,
) -> Outcome {
    let failure = match (result, cause) {
        (Ok(()), _) => return Outcome::Success,
        (Err(_), Cause::Stopped) => return Outcome::Stopped,
        (Err(_), Cause::Drained) => return Outcome::Released,
        (Err(failure), _) => failure,
    };
    let failures = job.failures + 1;
    let most = job.max_attempts.unwrap_or(job_type.max_attempts);
    let again = job_type.retry && failures < most && matches!(failure, JobFailure::Retryable(_));
    Outcome::Error {
        message: failure.to_string(),
        retry_after: again.then(|| job_type.backoff.wait(failures)),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
