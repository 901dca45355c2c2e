//! Collections, purges, schedules, pools, workers and queues. Operations: `handlers/gc.rs`, `handlers/purge.rs`,
//! `handlers/jobservice.rs`, `handlers/schedules.rs`.

use seawall_database::Timestamp;
use seawall_jobs::{Parameters, Progress};
use seawall_maintenance as rooms;
use seawall_tasks::{Execution, Schedule, Task};
use serde::{Deserialize, Serialize};

use super::{is_false, is_zero};

/// Harbor's `GCHistory` and `ExecHistory`, which are the same: an execution, or a schedule.
#[derive(Clone, Debug, Serialize)]
pub struct ExecutionRecord {
    /// The execution's or schedule's id.
    #[serde(skip_serializing_if = "is_zero")]
    pub id: i64,
    /// The job's name; empty for a schedule.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub job_name: String,
    /// `MANUAL`, `SCHEDULE`; of a schedule the cron expression.
    pub job_kind: String,
    /// JSON in text: what it was given, and what came of it.
    pub job_parameters: String,
    /// When it runs.
    pub schedule: ScheduleObject,
    /// How far it is.
    pub job_status: String,
    /// Harbor's; never so.
    #[serde(skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// When it was started or made.
    pub creation_time: Timestamp,
    /// When it changed last.
    pub update_time: Timestamp,
}

/// Harbor's `ScheduleObj`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScheduleObject {
    /// `Hourly`, `Daily`, `Weekly`, `Custom`, `Manual`, `Schedule`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The cron expression.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub cron: String,
    /// When it runs next.
    pub next_scheduled_time: Timestamp,
}

impl ExecutionRecord {
    /// An execution; how far it is stands with what it was given.
    pub fn of(execution: Execution, progress: Option<Progress>) -> Self {
        let mut parameters = execution.extra_attributes;
        if let Some(progress) = progress.and_then(|told| serde_json::to_value(told).ok()) {
            parameters.insert("progress".to_owned(), progress);
        }
        let trigger = execution.trigger.as_str();
        Self {
            id: execution.id.0,
            job_name: execution.vendor_type,
            job_kind: trigger.to_owned(),
            job_parameters: text(parameters),
            schedule: ScheduleObject {
                kind: title(trigger),
                ..ScheduleObject::default()
            },
            job_status: execution.status.as_str().to_owned(),
            deleted: false,
            creation_time: execution.start_time,
            update_time: execution.update_time,
        }
    }

    /// A schedule.
    pub fn of_schedule(schedule: Schedule) -> Self {
        Self {
            id: schedule.id.0,
            job_name: String::new(),
            job_kind: schedule.cron.clone(),
            job_parameters: text(schedule.parameters),
            schedule: ScheduleObject {
                kind: schedule.cron_type.as_str().to_owned(),
                cron: schedule.cron,
                next_scheduled_time: schedule.next_fire,
            },
            // A schedule that is there waits for its time, which Harbor calls so.
            job_status: "Running".to_owned(),
            deleted: false,
            creation_time: schedule.creation_time,
            update_time: schedule.update_time,
        }
    }
}

fn text(parameters: Parameters) -> String {
    serde_json::Value::Object(parameters).to_string()
}

/// `MANUAL` as `Manual`.
fn title(word: &str) -> String {
    let lower = word.to_lowercase();
    let mut letters = lower.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Harbor's `Schedule`, as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ScheduleRequest {
    /// When to run.
    pub schedule: Option<ScheduleObjectRequest>,
    /// What the job is given.
    pub parameters: Option<Parameters>,
}

/// Harbor's `ScheduleObj`, as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ScheduleObjectRequest {
    /// `Hourly`, `Daily`, `Weekly`, `Custom`, `Manual` for now, `None` for never.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The cron expression.
    pub cron: Option<String>,
}

/// Harbor's `WorkerPool`.
#[derive(Clone, Debug, Serialize)]
pub struct WorkerPool {
    /// The process.
    #[serde(skip_serializing_if = "is_zero")]
    pub pid: i64,
    /// The pool's id.
    pub worker_pool_id: String,
    /// When it started.
    pub start_at: Timestamp,
    /// When it was last heard of.
    pub heartbeat_at: Timestamp,
    /// How many jobs it runs at a time.
    #[serde(skip_serializing_if = "is_zero")]
    pub concurrency: i64,
    /// On which host.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub host: String,
}

/// Harbor's `Worker`.
#[derive(Clone, Debug, Serialize)]
pub struct Worker {
    /// Its id.
    pub id: String,
    /// Its pool.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub pool_id: String,
    /// The type of what it runs.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub job_name: String,
    /// What it runs.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub job_id: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// When the run last checked in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkin_at: Option<Timestamp>,
}

impl From<rooms::Worker> for Worker {
    fn from(worker: rooms::Worker) -> Self {
        let set = |time: Timestamp| (!time.is_never()).then_some(time);
        let run = worker.run.as_ref();
        Self {
            job_name: run.map(|run| run.name.clone()).unwrap_or_default(),
            job_id: run.map(|run| run.job.to_string()).unwrap_or_default(),
            start_at: run.and_then(|run| set(run.start_time)),
            checkin_at: run.and_then(|run| set(run.check_in_at)),
            id: worker.id,
            pool_id: worker.pool,
        }
    }
}

/// A job that was asked for. Seawall's own; its parameters may hold secrets and are not shown.
#[derive(Clone, Debug, Serialize)]
pub struct JobRecord {
    /// Its id.
    pub id: String,
    /// Its type.
    pub name: String,
    /// How far it is.
    pub status: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub status_message: String,
    /// The execution that it belongs to.
    pub execution_id: i64,
    /// How often the job store was given it.
    pub run_count: i64,
    /// How far the job says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// When it was asked for.
    pub creation_time: Timestamp,
    /// When it first ran.
    pub start_time: Timestamp,
    /// When its status changed last.
    pub update_time: Timestamp,
    /// When it ended.
    pub end_time: Timestamp,
}

impl JobRecord {
    /// A task, and how far it is.
    pub fn of(task: Task, progress: Option<Progress>) -> Self {
        Self {
            id: task.job_id.to_string(),
            name: task.job_name,
            status: task.status.as_str().to_owned(),
            status_message: task.status_message,
            execution_id: task.execution_id.0,
            run_count: i64::from(task.run_count),
            progress,
            creation_time: task.creation_time,
            start_time: task.start_time,
            update_time: task.update_time,
            end_time: task.end_time,
        }
    }
}

/// Harbor's `JobQueue`.
#[derive(Clone, Debug, Serialize)]
pub struct JobQueue {
    /// The type of its jobs.
    pub job_type: String,
    /// How many wait.
    #[serde(skip_serializing_if = "is_zero")]
    pub count: i64,
    /// For how many seconds the first has waited.
    #[serde(skip_serializing_if = "is_zero")]
    pub latency: i64,
    /// Whether none is handed out.
    pub paused: bool,
}

impl From<rooms::Queue> for JobQueue {
    fn from(queue: rooms::Queue) -> Self {
        Self {
            job_type: queue.name,
            count: i64::try_from(queue.count).unwrap_or(i64::MAX),
            latency: i64::try_from(queue.latency.as_secs()).unwrap_or(i64::MAX),
            paused: queue.paused,
        }
    }
}

/// Harbor's `ActionRequest`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ActionRequest {
    /// `stop`, `pause` or `resume`.
    pub action: Option<String>,
}

/// Harbor's `ScheduleTask`.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleTask {
    /// The schedule's id.
    pub id: i64,
    /// What it launches.
    pub vendor_type: String,
    /// Of which of these.
    pub vendor_id: i64,
    /// The cron expression.
    pub cron: String,
    /// When it was changed last.
    pub update_time: Timestamp,
}

impl From<Schedule> for ScheduleTask {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id.0,
            vendor_type: schedule.vendor_type,
            vendor_id: schedule.vendor_id,
            cron: schedule.cron,
            update_time: schedule.update_time,
        }
    }
}

/// Harbor's `SchedulerStatus`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SchedulerStatus {
    /// Whether no schedule fires.
    pub paused: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_shown_as_a_title() {
        assert_eq!(
            (title("MANUAL"), title("")),
            ("Manual".into(), String::new())
        );
    }
}
