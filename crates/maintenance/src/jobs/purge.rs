//! `PURGE_AUDIT_LOG`: old lines of the audit log go. How is `seawall_events`'s business (`purge`).

use std::time::Duration;

use seawall_database::Timestamp;
use seawall_events::purge::{PurgeFilter, purge};
use seawall_jobs::{JobContext, JobFailure, Progress};
use serde_json::json;

use super::cut_off;
use crate::{Maintenance, PurgeParameters};

pub(super) async fn run(maintenance: Maintenance, context: JobContext) -> Result<(), JobFailure> {
    let parameters = PurgeParameters::parse(context.parameters()).map_err(JobFailure::permanent)?;
    let log = &context.log;
    let hours = parameters.audit_retention_hour;
    if hours == 0 {
        log.info("audit_retention_hour is 0: nothing is purged");
        return Ok(());
    }
    log.info(format_args!(
        "purging the audit log: kept for {hours} h, dry_run {}, event types {:?}, operations {:?}",
        parameters.dry_run, parameters.include_event_types, parameters.include_operations
    ));
    let filter = PurgeFilter {
        event_types: parameters.include_event_types,
        operations: parameters.include_operations,
    };
    let before = Timestamp::now().minus(Duration::from_secs(hours.saturating_mul(3600)));
    let done = purge(
        maintenance.database(),
        before,
        &filter,
        parameters.dry_run,
        |progress| {
            context.progress(Progress {
                done: progress.seen,
                total: Some(progress.expected.max(progress.seen)),
                message: "purging the audit log".to_owned(),
            });
            !context.cancelled.is_cancelled()
        },
    )
    .await
    .map_err(JobFailure::permanent)?;
    let prefix = if parameters.dry_run { "[DRYRUN]" } else { "" };
    // Harbor keeps two logs; here they are one.
    log.info(format_args!(
        "{prefix}Purged {} rows of audit logs",
        done.purged
    ));
    log.info(format_args!("{prefix}Purged 0 rows of audit log exts"));
    let found = json!({ "purged_lines": done.purged });
    context.check_in(found.to_string()).await;
    if context.cancelled.is_cancelled() {
        return Err(cut_off());
    }
    Ok(())
}
