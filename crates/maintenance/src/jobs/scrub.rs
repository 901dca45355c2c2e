//! `STORAGE_SCRUB`: storage and database are compared, both ways. How is `seawall_content`'s business
//! (`collection/scrub`). One that did not come to its end goes on where it was.

use seawall_content::collection::{CollectionProgress, Findings, ScrubPosition};
use seawall_jobs::{JobContext, JobFailure};
use serde_json::json;

use super::report::Reporter;
use crate::Maintenance;

/// Blobs with something wrong that are named in the log.
const MOST_NAMED: usize = 50;

pub(super) async fn run(maintenance: Maintenance, context: JobContext) -> Result<(), JobFailure> {
    let mut position = last_position(&maintenance, &context).await;
    if position != ScrubPosition::default() {
        context
            .log
            .info("going on where the run before was cut off");
    }
    let mut reporter = Reporter::new(&context);
    let mut watch = |progress: CollectionProgress| reporter.tell(progress);
    let scrubbed = maintenance
        .registry
        .scrub(
            &maintenance.settings.scrub,
            &mut position,
            &mut watch,
            &context.cancelled,
        )
        .await;
    context
        .check_in(json!({ "position": position }).to_string())
        .await;
    let report = scrubbed.map_err(JobFailure::permanent)?;
    let log = &context.log;
    log.info(format_args!(
        "{} blobs and {} publications were compared, {} bytes read",
        report.blobs, report.stored, report.read_bytes
    ));
    log.info(format_args!(
        "{} publications without a blob, {} bytes, were moved to the trash; {} forgotten blobs will be collected",
        report.strays, report.stray_bytes, report.requeued
    ));
    named(&context, "have no bytes", &report.missing);
    named(&context, "have another size", &report.wrong_size);
    named(&context, "are damaged", &report.damaged);
    if report.is_sound() {
        return Ok(());
    }
    Err(JobFailure::permanent(format_args!(
        "{} blobs without bytes, {} of another size, {} damaged: push them again",
        report.missing.count, report.wrong_size.count, report.damaged.count
    )))
}

fn named(context: &JobContext, what: &str, findings: &Findings) {
    if findings.count == 0 {
        return;
    }
    context
        .log
        .error(format_args!("{} blobs {what}", findings.count));
    for digest in findings.digests.iter().take(MOST_NAMED) {
        context.log.error(digest);
    }
}

/// Where an earlier attempt of this job was.
async fn last_position(maintenance: &Maintenance, context: &JobContext) -> ScrubPosition {
    let Ok(Some(task)) = maintenance.tasks.task_of_job(&context.job.id).await else {
        return ScrubPosition::default();
    };
    let execution = maintenance
        .tasks
        .execution(task.execution_id, super::STORAGE_SCRUB)
        .await;
    let position = execution
        .ok()
        .and_then(|execution| execution.extra_attributes.get("position").cloned());
    position
        .and_then(|position| serde_json::from_value(position).ok())
        .unwrap_or_default()
}
