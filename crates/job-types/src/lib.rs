//! Jobs that need nothing but what they are given: no database, no storage, no registry of ours.
//!
//! A file each: `demo`, `webhook`, `slack`, `scheduler`, `replication/`, `command`. What of
//! Harbor's types cannot be done from here is `absent`. Their names, tries and numbers at a time
//! are Harbor's (`src/jobservice/runtime/bootstrap.go`); the engine that runs them is
//! `seawall-jobs`.

mod absent;
pub mod command;
mod delivery;
mod demo;
mod parameters;
pub mod replication;
mod scheduler;
mod slack;
mod webhook;

use std::time::Duration;

use seawall_jobs::{JobFailure, JobType};

pub use absent::ABSENT;
pub use command::{Command, Commands};
pub use replication::ReplicationSettings;

/// Of two jobs that wait, one of an ordinary type goes before one of the least by this many
/// seconds of waiting.
const ORDINARY: u32 = 60;
/// DEMO and SLACK.
const LEAST: u32 = 0;

/// What a deployment may choose about the jobs.
#[derive(Clone, Debug)]
pub struct JobTypeSettings {
    /// The most failures of a WEBHOOK or SLACK job.
    pub webhook_max_attempts: u32,
    /// For a delivery of a WEBHOOK or SLACK job from connecting to its answer.
    pub webhook_timeout: Duration,
    /// Whether DEMO fails, for those who want to see that.
    pub demo_fails: bool,
    /// How blobs are copied.
    pub replication: ReplicationSettings,
}

impl Default for JobTypeSettings {
    fn default() -> Self {
        Self {
            webhook_max_attempts: 3,
            webhook_timeout: Duration::from_secs(3),
            demo_fails: false,
            replication: ReplicationSettings::default(),
        }
    }
}

/// A client for HTTP cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("making a client for HTTP: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// The end of a run that was told to end and has not done its work: whether that is a stop or the
/// end of the process, the engine knows.
fn cut_short() -> JobFailure {
    JobFailure::retryable("told to end before it was done")
}

/// The types that do what they say: DEMO, WEBHOOK, SLACK, SCHEDULER and REPLICATION.
pub fn present(settings: &JobTypeSettings) -> Result<Vec<JobType>, ClientError> {
    let sender = delivery::Sender::new(settings.webhook_timeout)?;
    Ok(vec![
        demo::job_type(settings.demo_fails),
        webhook::job_type(sender.clone(), settings.webhook_max_attempts),
        slack::job_type(sender, settings.webhook_max_attempts),
        scheduler::job_type(),
        replication::job_type(settings.replication.clone()),
    ])
}

/// All 17 types that Harbor's core submits: those of [`present`], and those that end as errors
/// which say what is missing.
pub fn harbor(settings: &JobTypeSettings) -> Result<Vec<JobType>, ClientError> {
    let mut types = present(settings)?;
    types.extend(absent::job_types());
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_harbors() {
        let types = harbor(&JobTypeSettings::default()).unwrap();
        assert_eq!(types.len(), 17);
        let rules = |name: &str| {
            let found = types.iter().find(|found| found.name == name).unwrap();
            (found.max_attempts, found.concurrency, found.retry)
        };
        for (name, expected) in [
            ("DEMO", (3, Some(1), true)),
            ("IMAGE_SCAN", (1, None, false)),
            ("PURGE_AUDIT_LOG", (1, Some(1), false)),
            ("GARBAGE_COLLECTION", (1, Some(1), false)),
            ("REPLICATION", (3, None, true)),
            ("RETENTION", (3, None, false)),
            ("SCHEDULER", (3, None, true)),
            ("WEBHOOK", (3, None, true)),
            ("SLACK", (3, Some(1), true)),
            ("P2P_PREHEAT", (1, None, false)),
            ("SCAN_DATA_EXPORT", (1, Some(1), true)),
            ("SYSTEM_ARTIFACT_CLEANUP", (1, Some(1), true)),
            ("EXECUTION_SWEEP", (1, Some(1), false)),
            ("AUDIT_LOGS_GDPR_COMPLIANT", (3, Some(1), true)),
            ("IMAGE_REPLICATE", (3, None, true)),
            ("IMAGE_GC", (3, None, true)),
            ("IMAGE_SCAN_ALL", (3, None, true)),
        ] {
            assert_eq!(rules(name), expected, "{name}");
        }
    }
}
