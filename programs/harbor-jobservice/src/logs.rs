//! Where the logs of jobs go, and when they are swept.

use std::time::Duration;

use seawall_database::{Database, Timestamp};
use seawall_jobs::log::{JobLogs, Level, LogTarget};
use tokio::task::JoinHandle;

use crate::config::{Config, Place};
use crate::core::Core;
use crate::folder;

/// Logs are looked at once an hour, however long they are kept.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// The master's own places and those of the file; `database` is where one has a table for them.
pub fn open(
    config: &Config,
    own: Option<JobLogs>,
    database: Option<&Database>,
) -> anyhow::Result<JobLogs> {
    let has_own = own.is_some();
    let mut logs = own.unwrap_or_default();
    let mut kept = u32::from(has_own);
    for (at, logger) in config.job_loggers.iter().enumerate() {
        let target = match &logger.place {
            Place::StandardOutput => LogTarget::StandardOutput,
            Place::StandardError => LogTarget::StandardError,
            Place::Folder(path) => {
                folder::writable(&format!("job_loggers[{at}].settings.base_dir"), path)?;
                LogTarget::Folder(path.clone())
            }
            Place::Database => {
                if has_own {
                    continue;
                }
                let Some(database) = database else {
                    tracing::warn!(
                        "job_loggers[{at}]: DB is left out, since this keeps no logs in the database of Harbor's core"
                    );
                    continue;
                };
                LogTarget::Database(database.clone())
            }
        };
        kept += 1;
        logs = logs.with(target, logger.level);
    }
    if kept == 0 {
        tracing::warn!("no logger of jobs is left: their logs go to standard output");
        logs = logs.with(LogTarget::StandardOutput, Level::Info);
    }
    Ok(logs)
}

/// Deletes old logs regularly, unless core is read-only. Ends when aborted.
pub fn sweep_regularly(
    config: &Config,
    database: Option<&Database>,
    core: Option<&Core>,
) -> JoinHandle<()> {
    let mut logs = JobLogs::new();
    for logger in &config.job_loggers {
        let Some(sweeper) = &logger.sweeper else {
            continue;
        };
        let target = match (&logger.place, &sweeper.folder) {
            (Place::Folder(_), Some(folder)) | (Place::Folder(folder), None) => {
                LogTarget::Folder(folder.clone())
            }
            (Place::Database, _) => match database {
                Some(database) => LogTarget::Database(database.clone()),
                None => continue,
            },
            (Place::StandardOutput | Place::StandardError, _) => continue,
        };
        logs = logs.with_kept(target, logger.level, sweeper.after);
    }
    let core = core.cloned();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if is_read_only(core.as_ref()).await {
                continue;
            }
            match logs.sweep(Timestamp::now()).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "old logs of jobs are deleted"),
                Err(error) => {
                    tracing::warn!(error = %seawall_telemetry::chain(&error), "deleting old logs of jobs; trying again later");
                }
            }
        }
    })
}

/// Core that does not answer may be read-only: what is old can wait an hour more.
async fn is_read_only(core: Option<&Core>) -> bool {
    let Some(core) = core else { return false };
    match core.settings().await {
        Ok(settings) => settings.read_only,
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "core does not say whether it is read-only; no log is deleted"
            );
            true
        }
    }
}
