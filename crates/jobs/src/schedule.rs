//! A schedule: a job that runs again and again. Each run is a job of its own; the cron expression
//! is `cron`'s.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cron::Cron;
use crate::{HookTarget, JobId, Parameters, StoreError};

/// A schedule to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule {
    /// Its id; none for a random one. One that exists is replaced.
    pub id: Option<JobId>,
    /// The name of its jobs' type.
    pub name: String,
    /// What each run is given.
    pub parameters: Parameters,
    /// When it fires, in UTC.
    pub cron: Cron,
    /// Who is told when the status of a run changes.
    pub hook: Option<HookTarget>,
    /// The number that Harbor's core knows it by; 0 if none.
    pub numeric_id: i64,
    /// What becomes of slots that nobody fired in time.
    pub missed: MissedFires,
    /// What becomes of a slot whose predecessor still runs or waits.
    pub overlap: Overlap,
    /// Whose work the runs are.
    pub tenant: String,
    /// The most failures of a run; none leaves that to the job's type.
    pub max_attempts: Option<u32>,
}

/// A slot that is older than this when somebody comes to fire it was missed.
pub const MISSED_AFTER: std::time::Duration = std::time::Duration::from_mins(1);

/// What becomes of slots that nobody fired within [`MISSED_AFTER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissedFires {
    /// They are dropped, as in Harbor.
    Skip,
    /// The latest of them runs.
    Once,
    /// Each of them runs.
    All,
}

/// What becomes of a slot while an earlier run of the schedule is not final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It is queued all the same, as in Harbor; the type's concurrency may make it wait.
    Queue,
    /// It is dropped.
    Skip,
    /// It is queued, and the earlier run is stopped.
    Replace,
}

/// A schedule as its store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its id.
    pub id: JobId,
    /// What was asked for; its `id` is [`Schedule::id`].
    pub definition: NewSchedule,
    /// The next slot that is not fired yet; never if there is none.
    pub next_fire: Timestamp,
}

impl NewSchedule {
    /// A schedule that drops what was missed and queues what overlaps, as Harbor's do.
    pub fn new(name: impl Into<String>, cron: Cron) -> Self {
        Self {
            id: None,
            name: name.into(),
            parameters: Parameters::new(),
            cron,
            hook: None,
            numeric_id: 0,
            missed: MissedFires::Skip,
            overlap: Overlap::Queue,
            tenant: String::new(),
            max_attempts: None,
        }
    }

    /// Refuses what no store is to accept; every store asks this first.
    pub fn check(&self) -> Result<(), StoreError> {
        crate::new_job::check_name(&self.name)?;
        crate::new_job::check_parameters(&self.parameters)
    }
}
