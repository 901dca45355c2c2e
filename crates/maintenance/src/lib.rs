//! What keeps a registry in order while it serves: garbage collection, the purge of the audit log,
//! sweeps, the schedules of all of them; and what administrators see of the jobs.
//!
//! Operations take a `Permit` and write their line of the audit log; `jobs/` has the types of jobs,
//! each a thin `run` around one call of the room that knows how. What is not here: how a job is queued
//! and run (`seawall-jobs`), what an execution is (`seawall-tasks`), how blobs are collected
//! (`seawall-registry`, `seawall-content`), HTTP.
//!
//! Where to look next: [`Maintenance`], `executions`, `schedules`, `monitor/`, `jobs/`.

mod error;
mod executions;
mod jobs;
mod kind;
mod maintenance;
mod monitor;
mod parameters;
mod schedules;

pub use error::MaintenanceError;
pub use executions::ExecutionDetail;
pub use kind::Kind;
pub use maintenance::{Maintenance, MaintenanceSettings};
pub use monitor::{JobDetail, Queue, QueueAction, StoppedJobs, Worker, WorkerRun};
pub use parameters::{CollectionParameters, PurgeParameters};
