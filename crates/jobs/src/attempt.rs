//! One run of a job, the lease that protects it, and how it ended.

use std::time::Duration;

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Job, JobId, Progress, Status, StoreError};

/// The right to run a job, until the lease ends. Every write of the run names it; once the lease
/// has passed to another, or the job is no longer this attempt's, the write is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which job.
    pub job: JobId,
    /// How many times the job was begun, this one included.
    pub number: u32,
    /// The fencing token: random, so that no other attempt has it.
    pub token: i64,
    /// The end of the lease by the store's clock, unless a heartbeat prolongs it.
    pub lease_until: Timestamp,
}

/// A job that was handed to a pool of workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The job, already [`Status::Running`].
    pub job: Job,
    /// The right to run it.
    pub attempt: Attempt,
}

/// What a pool of workers asks for.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// The pool's id.
    pub pool: String,
    /// The types that it can run.
    pub types: Vec<ClaimType>,
    /// The most jobs it takes now.
    pub limit: u32,
    /// How long the leases are.
    pub lease: Duration,
}

/// A type of job that a pool can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimType {
    /// Its name.
    pub name: String,
    /// The most jobs of this type that run at any time, over all pools: counted by live leases.
    pub concurrency: Option<u32>,
    /// Its head start in seconds of waiting: of two jobs that wait, the one goes first whose time
    /// of waiting and head start are longer together. So nothing waits for ever.
    pub priority: u32,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked to.
    Success,
    /// It failed.
    Error {
        /// Why.
        message: String,
        /// After how long it is tried again; none for never.
        retry_after: Option<Duration>,
    },
    /// It ended because it was told to stop.
    Stopped,
    /// It did not end: the worker shuts down. The job goes back to where it stood in the queue, and
    /// the attempt is not counted.
    Released,
}

/// What became of a write that names an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was made. The job now has this status: after [`Outcome::Success`] perhaps
    /// [`Status::Stopped`], if it was stopped meanwhile.
    Done(Status),
    /// The attempt has lost its lease: nothing was written.
    Fenced,
}

/// What a run says while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A text for the hook's receiver, which hears it once at least and in order.
    CheckIn(String),
    /// How far it is. Only the latest is kept.
    Progress(Progress),
}

/// The longest text of a check-in, in bytes: whole reports are sent as one.
pub const MOST_CHECK_IN_BYTES: usize = 1 << 20;
/// The longest message of a progress, in bytes.
pub const MOST_PROGRESS_BYTES: usize = 1024;

impl Report {
    /// Refuses what no store is to keep; every store asks this first.
    pub fn check(&self) -> Result<(), StoreError> {
        let (what, bytes, most) = match self {
            Self::CheckIn(text) => ("a check-in", text.len(), MOST_CHECK_IN_BYTES),
            Self::Progress(progress) => {
                let bytes = progress.message.len();
                ("the message of a progress", bytes, MOST_PROGRESS_BYTES)
            }
        };
        if bytes > most {
            return Err(StoreError::Invalid(format!(
                "{what} has {bytes} bytes, at most {most} are allowed"
            )));
        }
        Ok(())
    }
}

/// The most of a failure's message that a store keeps, in bytes.
const MOST_MESSAGE_BYTES: usize = 8192;

/// What a store keeps of a failure's message.
pub(crate) fn kept_message(message: &str) -> &str {
    &message[..message.floor_char_boundary(MOST_MESSAGE_BYTES)]
}

/// What a pool learns about an attempt from a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Which attempt's job.
    pub job: JobId,
    /// The attempt's token.
    pub token: i64,
    /// What about it.
    pub kind: SignalKind,
}

/// See [`Signal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Somebody asked for the job to be stopped; its lease was prolonged, so that it can end well.
    Stopped,
    /// The lease is lost: the run must end and cannot write any more.
    Lost,
}

/// An attempt that is over, for people who ask what happened. A first attempt that succeeded needs
/// none: the job says it all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// Which attempt it was.
    pub number: u32,
    /// Which pool of workers ran it.
    pub pool: String,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended, or was given up for lost.
    pub end_time: Timestamp,
    /// How it ended: `success`, `error`, `stopped`, `released` or `lost`.
    pub outcome: String,
    /// Why, if that is known.
    pub message: String,
}

/// A job that lost its worker this often is an error: it may be what kills them.
pub const MOST_LOSSES: u32 = 10;
