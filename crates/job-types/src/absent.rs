//! Harbor's types that need what is not here: they are taken, and end as errors that say so. Never
//! as successes.

use seawall_jobs::{JobContext, JobFailure, JobType};

use crate::ORDINARY;

/// The registry's own rooms, which only `seawall serve` and its workers have.
const REGISTRY: &str = "it works on the registry's own database and storage, which this job service does not have under \
     Harbor's core; Seawall's registry (`seawall serve`) runs such work itself";
/// What asks a scanner.
const SCANNER: &str =
    "it asks a scanner about what Harbor's database knows, which this job service does not read";
/// What older Harbors scheduled.
const LEGACY: &str =
    "it is of a Harbor before 2.2; schedules that were made since are called SCHEDULER";

/// Name, most failures, how many at a time, whether it is tried again, what is missing.
type Rules = (&'static str, u32, Option<u32>, bool, &'static str);

/// The types, with Harbor's rules for them.
pub const ABSENT: [Rules; 12] = [
    ("IMAGE_SCAN", 1, None, false, SCANNER),
    ("PURGE_AUDIT_LOG", 1, Some(1), false, REGISTRY),
    ("GARBAGE_COLLECTION", 1, Some(1), false, REGISTRY),
    ("RETENTION", 3, None, false, REGISTRY),
    (
        "P2P_PREHEAT",
        1,
        None,
        false,
        "no peer-to-peer network can be told from here",
    ),
    ("SCAN_DATA_EXPORT", 1, Some(1), true, SCANNER),
    ("SYSTEM_ARTIFACT_CLEANUP", 1, Some(1), true, REGISTRY),
    ("EXECUTION_SWEEP", 1, Some(1), false, REGISTRY),
    ("AUDIT_LOGS_GDPR_COMPLIANT", 3, Some(1), true, REGISTRY),
    ("IMAGE_REPLICATE", 3, None, true, LEGACY),
    ("IMAGE_GC", 3, None, true, LEGACY),
    ("IMAGE_SCAN_ALL", 3, None, true, LEGACY),
];

pub(crate) fn job_types() -> Vec<JobType> {
    ABSENT.into_iter().map(job_type).collect()
}

fn job_type((name, max_attempts, concurrency, retry, missing): Rules) -> JobType {
    JobType {
        max_attempts,
        concurrency,
        retry,
        priority: ORDINARY,
        ..JobType::new(name, move |context: JobContext| async move {
            let reason = format!("{name} cannot be done here: {missing}");
            context.log.error(&reason);
            // Nothing will appear by waiting.
            Err(JobFailure::permanent(reason))
        })
    }
}
