//! `GARBAGE_COLLECTION`: what nobody needs goes, or, as a dry run, is counted. How is
//! `seawall_registry`'s business (`collection`).
//!
//! The lines with numbers are worded as Harbor's, whose clients look for them.

use std::time::Duration;

use seawall_content::collection::{CollectionProgress, CollectionSettings, Watch};
use seawall_jobs::{JobContext, JobFailure};
use seawall_registry::{CollectionOptions, RegistryError};
use serde_json::json;

use super::cut_off;
use super::report::{Reporter, megabytes};
use crate::{CollectionParameters, Maintenance};

/// Who is named for what a schedule deletes.
const SCHEDULED: &str = "garbage collection";

pub(super) async fn run(maintenance: Maintenance, context: JobContext) -> Result<(), JobFailure> {
    let given = context.parameters();
    let parameters = CollectionParameters::parse(given).map_err(JobFailure::permanent)?;
    let operator = given.get("operator").and_then(|name| name.as_str());
    let options = CollectionOptions {
        content: settings(&maintenance.settings.collection, &parameters),
        delete_untagged: parameters.delete_untagged,
        operator: operator.unwrap_or(SCHEDULED).to_owned(),
    };
    context.log.info(format_args!(
        "garbage collection begins: delete_untagged {}, dry_run {}, time window {} h, {} workers",
        parameters.delete_untagged,
        parameters.dry_run,
        options.content.time_window.as_secs() / 3600,
        options.content.workers,
    ));
    let mut reporter = Reporter::new(&context);
    let mut watch = |progress: CollectionProgress| reporter.tell(progress);
    let found = if parameters.dry_run {
        plan(&maintenance, &context, &options, &mut watch).await
    } else {
        collect(&maintenance, &context, &options, &mut watch).await
    };
    let found = found.map_err(JobFailure::permanent)?;
    let extra = json!({
        "freed_space": found.bytes,
        "purged_blobs": found.blobs,
        "purged_manifests": found.artifacts,
        "trash_blobs": found.trash_blobs,
        "trash_space": found.trash_bytes,
    });
    context.check_in(extra.to_string()).await;
    if found.stopped {
        return Err(cut_off());
    }
    Ok(())
}

/// What an execution of a collection shows of it.
struct Found {
    artifacts: u64,
    blobs: u64,
    bytes: u64,
    trash_blobs: u64,
    trash_bytes: u64,
    stopped: bool,
}

fn settings(ours: &CollectionSettings, parameters: &CollectionParameters) -> CollectionSettings {
    let mut settings = ours.clone();
    if let Some(hours) = parameters.time_window {
        settings.time_window = Duration::from_secs(hours.saturating_mul(3600));
    }
    if let Some(workers) = parameters.workers {
        settings.workers = usize::try_from(workers).unwrap_or(settings.workers);
    }
    settings
}

async fn plan(
    maintenance: &Maintenance,
    context: &JobContext,
    options: &CollectionOptions,
    watch: Watch<'_>,
) -> Result<Found, RegistryError> {
    let plan = maintenance
        .registry
        .plan_collection(options, watch, &context.cancelled)
        .await?;
    let log = &context.log;
    eligible(context, plan.blobs, plan.artifacts, plan.bytes);
    log.info(format_args!(
        "{} bytes exactly, if nothing changes; {} blobs that nobody needs are too young",
        plan.bytes, plan.leased
    ));
    log.info(format_args!(
        "the trash holds {} blobs, {} bytes, that would be removed for good",
        plan.trash, plan.trash_bytes
    ));
    Ok(Found {
        artifacts: plan.artifacts,
        blobs: plan.blobs,
        bytes: plan.bytes,
        trash_blobs: plan.trash,
        trash_bytes: plan.trash_bytes,
        stopped: plan.stopped,
    })
}

async fn collect(
    maintenance: &Maintenance,
    context: &JobContext,
    options: &CollectionOptions,
    watch: Watch<'_>,
) -> Result<Found, RegistryError> {
    let done = maintenance
        .registry
        .collect(options, watch, &context.cancelled)
        .await?;
    let log = &context.log;
    eligible(context, done.blobs, done.artifacts, done.bytes);
    log.info(format_args!(
        "{} blobs and {} manifests are actually deleted",
        done.blobs, done.artifacts
    ));
    log.info(format_args!(
        "The GC job actual frees up {} MB space.",
        megabytes(done.bytes)
    ));
    log.info(format_args!(
        "{} bytes exactly; they are removed from the trash after {} h",
        done.bytes,
        options.content.trash_grace.as_secs() / 3600
    ));
    log.info(format_args!(
        "{} links of repositories to blobs ended; {} blobs, {} bytes, left the trash for good",
        done.links, done.trash.blobs, done.trash.bytes
    ));
    if done.trash.failed > 0 {
        log.warning(format_args!(
            "the storage did not remove {} blobs; the next run tries again",
            done.trash.failed
        ));
    }
    Ok(Found {
        artifacts: done.artifacts,
        blobs: done.blobs,
        bytes: done.bytes,
        trash_blobs: done.trash.blobs,
        trash_bytes: done.trash.bytes,
        stopped: done.stopped,
    })
}

fn eligible(context: &JobContext, blobs: u64, manifests: u64, bytes: u64) {
    context.log.info(format_args!(
        "{blobs} blobs and {manifests} manifests eligible for deletion"
    ));
    context.log.info(format_args!(
        "The GC could free up {} MB space, the size is a rough estimate.",
        megabytes(bytes)
    ));
}
