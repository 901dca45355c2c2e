//! `EXECUTION_SWEEP` and `UPLOAD_SWEEP`.

use seawall_database::Timestamp;
use seawall_jobs::{JobContext, JobFailure};

use super::{EXECUTION_SWEEP, UPLOAD_SWEEP, cut_off};
use crate::{Kind, Maintenance};

/// Executions that are kept of each vendor, as Harbor keeps them
/// (`src/jobservice/job/impl/sweep`, `src/lib/config`); of a sweep that runs every few minutes, an hour.
fn kept(vendor_type: &str) -> u32 {
    match vendor_type {
        "IMAGE_SCAN" | "SBOM" | "SCAN_ALL" => 1,
        EXECUTION_SWEEP => 10,
        UPLOAD_SWEEP => 12,
        name if name == Kind::AuditPurge.name() => 10,
        _ => 50,
    }
}

pub(super) async fn executions(
    maintenance: Maintenance,
    context: JobContext,
) -> Result<(), JobFailure> {
    let go_on = || !context.cancelled.is_cancelled();
    let swept = maintenance
        .tasks
        .sweep(Timestamp::now(), kept, go_on)
        .await
        .map_err(JobFailure::permanent)?;
    context.log.info(format_args!("{swept} executions deleted"));
    if context.cancelled.is_cancelled() {
        return Err(cut_off());
    }
    Ok(())
}

pub(super) async fn uploads(
    maintenance: Maintenance,
    context: JobContext,
) -> Result<(), JobFailure> {
    let report = maintenance
        .content
        .expire()
        .await
        .map_err(JobFailure::permanent)?;
    context.log.info(format_args!("{report:?}"));
    Ok(())
}
