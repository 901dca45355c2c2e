//! The types of jobs of a registry: a name, how often it is tried, and a thin `run` around one call
//! of the room that knows how. A job that was told to end before it was done fails as [`cut_off`]: stopped by
//! somebody it ends as stopped, with its process it starts again in another, and goes on with what is left.

mod collection;
mod purge;
mod report;
mod scrub;
mod sweeps;

use futures_util::future::BoxFuture;
use seawall_jobs::{JobContext, JobFailure, JobType};

use crate::{Kind, Maintenance};

/// Deletes executions that nobody needs any more. Harbor's name.
pub(crate) const EXECUTION_SWEEP: &str = "EXECUTION_SWEEP";
/// Drops uploads that were begun and not ended.
pub(crate) const UPLOAD_SWEEP: &str = "UPLOAD_SWEEP";
/// Compares storage and database.
pub(crate) const STORAGE_SCRUB: &str = "STORAGE_SCRUB";

/// What a job ends as that was told to end before it was done.
fn cut_off() -> JobFailure {
    JobFailure::retryable("told to end before it was done")
}

type Run = fn(Maintenance, JobContext) -> BoxFuture<'static, Result<(), JobFailure>>;

impl Maintenance {
    /// The types of jobs that this room runs, for the program to register. Each runs once at a time,
    /// over all pools, and is not tried again before its next turn.
    pub fn job_types(&self) -> Vec<JobType> {
        let types: [(&str, Run); 5] = [
            (Kind::Collection.name(), |maintenance, context| {
                Box::pin(collection::run(maintenance, context))
            }),
            (Kind::AuditPurge.name(), |maintenance, context| {
                Box::pin(purge::run(maintenance, context))
            }),
            (STORAGE_SCRUB, |maintenance, context| {
                Box::pin(scrub::run(maintenance, context))
            }),
            (EXECUTION_SWEEP, |maintenance, context| {
                Box::pin(sweeps::executions(maintenance, context))
            }),
            (UPLOAD_SWEEP, |maintenance, context| {
                Box::pin(sweeps::uploads(maintenance, context))
            }),
        ];
        types
            .into_iter()
            .map(|(name, run)| {
                let maintenance = self.clone();
                JobType {
                    max_attempts: 1,
                    retry: false,
                    concurrency: Some(1),
                    ..JobType::new(name, move |context| run(maintenance.clone(), context))
                }
            })
            .collect()
    }
}
