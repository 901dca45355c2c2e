//! `STORAGE_SCRUB`: storage and database are compared, both ways. How is `seawall_content`'s business
//! (`collection/scrub`). One that did not come to its end goes on where it was.

use std::time::Duration;

use seawall_content::collection::{
    CollectionPhase, CollectionProgress, Findings, ScrubPosition, ScrubReport,
};
use seawall_jobs::{JobContext, JobFailure};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::cut_off;
use super::report::Reporter;
use crate::Maintenance;

/// Blobs with something wrong that are named in the log.
const MOST_NAMED: usize = 50;

/// Between two checkpoints.
const EVERY: Duration = Duration::from_secs(30);

/// What a scrub that is cut off leaves to the one that goes on.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Checkpoint {
    position: ScrubPosition,
    missing: u64,
    wrong_size: u64,
    damaged: u64,
}

impl Checkpoint {
    /// Where the scrub is that went on from here, and what there is with what it found.
    fn at(&self, position: &ScrubPosition, report: &ScrubReport) -> Self {
        Self {
            position: position.clone(),
            missing: self.missing + report.missing.count,
            wrong_size: self.wrong_size + report.wrong_size.count,
            damaged: self.damaged + report.damaged.count,
        }
    }

    async fn keep(&self, context: &JobContext) {
        context.check_in(json!(self).to_string()).await;
    }
}

pub(super) async fn run(maintenance: Maintenance, context: JobContext) -> Result<(), JobFailure> {
    let before = last(&maintenance, &context).await;
    if before != Checkpoint::default() {
        context
            .log
            .info("going on where the run before was cut off");
    }
    let (tell, latest) = watch::channel(before.clone());
    let mut position = before.position.clone();
    let mut reporter = Reporter::new(&context);
    let mut watch = |position: &ScrubPosition, report: &ScrubReport| {
        tell.send_replace(before.at(position, report));
        reporter.tell(CollectionProgress {
            phase: CollectionPhase::Scrub,
            done: report.stored.max(report.blobs),
            expected: None,
            bytes: report.read_bytes,
        });
    };
    let registry = &maintenance.registry;
    let settings = &maintenance.settings.scrub;
    let mut scrub =
        Box::pin(registry.scrub(settings, &mut position, &mut watch, &context.cancelled));
    let scrubbed = loop {
        if let Ok(scrubbed) = tokio::time::timeout(EVERY, &mut scrub).await {
            break scrubbed;
        }
        let checkpoint = latest.borrow().clone();
        checkpoint.keep(&context).await;
    };
    drop(scrub);
    let checkpoint = latest.borrow().clone();
    checkpoint.keep(&context).await;
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
    if report.stopped {
        return Err(cut_off());
    }
    let Checkpoint {
        missing,
        wrong_size,
        damaged,
        ..
    } = checkpoint;
    if missing + wrong_size + damaged == 0 {
        return Ok(());
    }
    Err(JobFailure::permanent(format_args!(
        "{missing} blobs without bytes, {wrong_size} of another size, {damaged} damaged: push them again"
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
async fn last(maintenance: &Maintenance, context: &JobContext) -> Checkpoint {
    let Ok(Some(task)) = maintenance.tasks.task_of_job(&context.job.id).await else {
        return Checkpoint::default();
    };
    let execution = maintenance
        .tasks
        .execution(task.execution_id, super::STORAGE_SCRUB)
        .await;
    execution
        .ok()
        .and_then(|execution| serde_json::from_value(execution.extra_attributes.into()).ok())
        .unwrap_or_default()
}
