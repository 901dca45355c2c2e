//! A schedule: a job that runs again and again. Each run is a job of its own; the cron expression
//! is `cron`'s.

use std::str::FromStr;

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cron::Cron;
use crate::slots::{DueSlots, due_slots};
use crate::{HookTarget, Job, JobId, Kind, Parameters, Status, StoreError};

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

/// Text that is no such rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rule of a schedule")]
pub struct InvalidRule;

impl MissedFires {
    /// The word for it in a store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

impl FromStr for MissedFires {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        [Self::Skip, Self::Once, Self::All]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or(InvalidRule)
    }
}

impl Overlap {
    /// The word for it in a store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Skip => "skip",
            Self::Replace => "replace",
        }
    }
}

impl FromStr for Overlap {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        [Self::Queue, Self::Skip, Self::Replace]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or(InvalidRule)
    }
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

impl Schedule {
    /// What is to become of its slots that have come; see [`due_slots`].
    pub(crate) fn due(&self, now: Timestamp, limit: u64) -> DueSlots {
        let NewSchedule { cron, missed, .. } = &self.definition;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        due_slots(|slot| cron.next(slot), self.next_fire, now, *missed, limit)
    }
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

    /// The schedule as a job, before a store has accepted it.
    pub(crate) fn job(&self, id: &JobId) -> Job {
        Job {
            status: Status::Scheduled,
            kind: Kind::Periodic,
            cron_spec: Some(self.cron.as_str().to_owned()),
            numeric_policy_id: self.numeric_id,
            hook: self.hook.clone(),
            tenant: self.tenant.clone(),
            max_attempts: self.max_attempts,
            ..Job::blank(id.clone(), &self.name, &self.parameters)
        }
    }

    /// Its run for a slot, before a store has accepted it.
    pub(crate) fn run(&self, id: &JobId, slot: Timestamp) -> Job {
        Job {
            id: id.execution(slot.seconds()),
            status: Status::Pending,
            kind: Kind::Scheduled,
            cron_spec: None,
            upstream_job_id: Some(id.clone()),
            run_at: slot,
            ..self.job(id)
        }
    }

    /// Refuses what no store is to accept; every store asks this first.
    pub fn check(&self) -> Result<(), StoreError> {
        crate::new_job::check_name(&self.name)?;
        crate::new_job::check_parameters(&self.parameters)
    }
}
