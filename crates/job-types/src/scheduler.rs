//! SCHEDULER: each run of a schedule of Harbor's core is one check-in, on which core does what is
//! due (Harbor `src/pkg/scheduler/periodic_job.go`).

use seawall_jobs::{JobContext, JobFailure, JobType};

use crate::ORDINARY;

pub(crate) fn job_type() -> JobType {
    JobType {
        max_attempts: 3,
        priority: ORDINARY,
        ..JobType::new("SCHEDULER", run)
    }
}

async fn run(context: JobContext) -> Result<(), JobFailure> {
    if context.job.hook.is_none() {
        context
            .log
            .warning("There is nobody to tell: the job has no status_hook");
        return Ok(());
    }
    if !context.check_in("checkin").await {
        return Err(JobFailure::retryable("another worker has this job now"));
    }
    context
        .log
        .info("Told the one who scheduled this that it is due");
    Ok(())
}
