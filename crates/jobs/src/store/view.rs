//! What a store is asked for and answers when people look: lists, queues, pools, counts.

use std::time::Duration;

use seawall_database::Timestamp;

use crate::{Job, JobId, Kind, Status};

/// Which jobs to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobSelector {
    /// This one, or this schedule.
    Job(JobId),
    /// All of a queue that have not begun: in the queue, delayed or waiting for another try.
    /// Schedules stay.
    Queue(String),
    /// The same of all queues.
    AllQueues,
}

/// What was stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// How many jobs.
    pub jobs: u64,
    /// Whether there may be more: ask again.
    pub more: bool,
}

/// What was put into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// How many jobs.
    pub jobs: u64,
    /// When the next is due; never if nothing waits.
    pub next: Timestamp,
}

/// What became of jobs whose lease had ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many went back to the queue.
    pub requeued: u64,
    /// How many are errors now.
    pub failed: u64,
    /// Whether there may be more: ask again.
    pub more: bool,
}

/// What became of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    /// How many runs were accepted.
    pub jobs: u64,
    /// How many slots were dropped, missed or overlapping.
    pub dropped: u64,
    /// The next slot of any schedule; never if there is none.
    pub next: Timestamp,
}

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this type; none for all.
    pub name: Option<String>,
    /// Of this kind; none for all.
    pub kind: Option<Kind>,
    /// In one of these statuses; empty for all.
    pub statuses: Vec<Status>,
    /// From where the last page ended: [`JobPage::next`].
    pub cursor: Option<String>,
    /// Leave out so many first.
    pub offset: u64,
    /// The most jobs of a page; a store may give fewer, or a few more.
    pub limit: u32,
    /// Whether to count all of them, which takes time.
    pub count: bool,
}

/// A page of jobs, the newest first where the store can.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Where the next page begins; none after the last one.
    pub next: Option<String>,
    /// How many there are on all pages, if that was asked for.
    pub total: Option<u64>,
}

/// Runs of a schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Executions {
    /// The runs of this page.
    pub jobs: Vec<Job>,
    /// How many there are on all pages.
    pub total: u64,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRecord {
    /// Its name, which is the name of the type of its jobs.
    pub name: String,
    /// How many wait for a worker.
    pub pending: u64,
    /// How many wait for their time.
    pub scheduled: u64,
    /// How many run.
    pub running: u64,
    /// How long the one has waited that waits for a worker the longest; zero if none does.
    pub latency: Duration,
    /// Whether nothing is handed out.
    pub paused: bool,
}

/// A run that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Which job.
    pub job: JobId,
    /// The job's type.
    pub name: String,
    /// Which pool runs it.
    pub pool: String,
    /// When it began.
    pub start_time: Timestamp,
    /// When it last checked in; else never.
    pub check_in_at: Timestamp,
}

/// A pool of workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRecord {
    /// Its id.
    pub id: String,
    /// When it started, by the store's clock; what a caller sends here is not heard.
    pub started_at: Timestamp,
    /// When it was last heard of; what a caller sends here is not heard.
    pub heartbeat_at: Timestamp,
    /// The types that it runs.
    pub job_names: Vec<String>,
    /// How many jobs it runs at a time.
    pub concurrency: u32,
    /// On which host.
    pub host: String,
    /// As which process.
    pub pid: u32,
}

/// For how long jobs are kept once they are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Those that succeeded or were stopped.
    pub done: Duration,
    /// Those that failed.
    pub failed: Duration,
}

impl Default for Retention {
    /// A day, and seven for failures, as in Harbor.
    fn default() -> Self {
        Self {
            done: Duration::from_hours(24),
            failed: Duration::from_hours(7 * 24),
        }
    }
}
