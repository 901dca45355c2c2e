//! A job as its store knows it. How one is asked for is `new_job`; how it prints is `stats`.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{HookTarget, JobId, Status};

/// The parameters of a job: a JSON object.
pub type Parameters = serde_json::Map<String, serde_json::Value>;

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// As soon as a worker is free.
    Generic,
    /// Once, at a time. Also each run of a schedule.
    Scheduled,
    /// This is a schedule itself: it never runs, its executions do.
    Periodic,
}

impl Kind {
    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "Generic",
            Self::Scheduled => "Scheduled",
            Self::Periodic => "Periodic",
        }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The name of its type, which is the name of its queue.
    pub name: String,
    /// How far it is.
    pub status: Status,
    /// When it runs.
    pub kind: Kind,
    /// Whether no other job of the same type and parameters was to be accepted beside it.
    pub unique: bool,
    /// What it was given.
    pub parameters: Parameters,
    /// Of a schedule, its cron expression.
    pub cron_spec: Option<String>,
    /// Of a run, the schedule that it belongs to.
    pub upstream_job_id: Option<JobId>,
    /// Of a schedule and its runs, the number that Harbor's core knows the schedule by; else 0.
    pub numeric_policy_id: i64,
    /// When it was accepted.
    pub enqueue_time: Timestamp,
    /// When its status last changed.
    pub update_time: Timestamp,
    /// When it is to run: delayed, scheduled or to be tried again; else never.
    pub run_at: Timestamp,
    /// When the last check-in was; else never.
    pub check_in_at: Timestamp,
    /// Who is told when its status changes.
    pub hook: Option<HookTarget>,
    /// Rises with every run: seconds since the epoch, or one more than before if that is later.
    pub revision: i64,
    /// The newest change that the hook's receiver has acknowledged.
    pub ack: Option<Ack>,
    /// Whose work it is, for fairness; empty if nobody's in particular.
    pub tenant: String,
    /// How far the run says it is.
    pub progress: Option<Progress>,
    /// How often it was begun.
    pub attempts: u32,
    /// How often it failed. A run that was lost with its worker is no failure of the job.
    pub failures: u32,
    /// The most failures before it is an [`Status::Error`]; none leaves that to the job's type.
    pub max_attempts: Option<u32>,
    /// Why it failed last.
    pub error: Option<String>,
}

impl Job {
    /// A pending job, to be filled in.
    pub(crate) fn blank(id: JobId, name: &str, parameters: &Parameters) -> Self {
        Self {
            id,
            name: name.to_owned(),
            status: Status::Pending,
            kind: Kind::Generic,
            unique: false,
            parameters: parameters.clone(),
            cron_spec: None,
            upstream_job_id: None,
            numeric_policy_id: 0,
            enqueue_time: Timestamp::NEVER,
            update_time: Timestamp::NEVER,
            run_at: Timestamp::NEVER,
            check_in_at: Timestamp::NEVER,
            hook: None,
            revision: 0,
            ack: None,
            tenant: String::new(),
            progress: None,
            attempts: 0,
            failures: 0,
            max_attempts: None,
            error: None,
        }
    }
}

/// The newest change of a job that the receiver of its hook has acknowledged (Harbor's `ack`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The status it was told.
    pub status: Status,
    /// With this revision.
    pub revision: i64,
    /// The check-in it was told, in seconds since the epoch; 0 if none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub check_in_at: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Ack {
    /// Whether this acknowledges a later change than `other`.
    pub fn is_after(&self, other: &Self) -> bool {
        (self.revision, self.status.code(), self.check_in_at)
            > (other.revision, other.status.code(), other.check_in_at)
    }
}

/// How far a run says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done, in units of the job's own.
    pub done: u64,
    /// Of how much; none while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What it does now, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}
