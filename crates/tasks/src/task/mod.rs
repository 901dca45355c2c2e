//! A task: one job of an execution. Its SQL is in `store`, what changes it is `change`.

pub(crate) mod list;
pub(crate) mod store;

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp};
use seawall_ids::{ExecutionId, TaskId};
use seawall_jobs::{HookTarget, JobId, NewJob, Parameters, Status};

use crate::RECEIVER;

/// A task to launch.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// The type of its job.
    pub job_name: String,
    /// What the job is given.
    pub parameters: Parameters,
    /// Whose work it is, for fairness; empty for nobody's in particular.
    pub tenant: String,
}

impl NewTask {
    /// A task whose work is nobody's in particular.
    pub fn new(job_name: impl Into<String>, parameters: Parameters) -> Self {
        Self {
            job_name: job_name.into(),
            parameters,
            tenant: String::new(),
        }
    }

    /// The job of the task.
    pub(crate) fn job(&self, id: JobId) -> NewJob {
        NewJob {
            parameters: self.parameters.clone(),
            tenant: self.tenant.clone(),
            id: Some(id),
            hook: Some(HookTarget::in_process(RECEIVER)),
            ..NewJob::new(self.job_name.clone())
        }
    }
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The execution that it belongs to.
    pub execution_id: ExecutionId,
    /// Its job in the job store.
    pub job_id: JobId,
    /// The type of that job.
    pub job_name: String,
    /// How far it is.
    pub status: Status,
    /// Why it failed.
    pub status_message: String,
    /// How often the job store was given it; more than once if it lost it.
    pub run_count: u32,
    /// When it was launched.
    pub creation_time: Timestamp,
    /// When it first ran; never before that.
    pub start_time: Timestamp,
    /// When its status last changed.
    pub update_time: Timestamp,
    /// When it ended; never before that.
    pub end_time: Timestamp,
}

impl FromRow for Task {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let id = row.next()?;
        Ok(Self {
            id,
            execution_id: row.next()?,
            job_id: job_id(&row.next::<String>()?)?,
            job_name: row.next()?,
            status: status(&row.next::<String>()?)?,
            status_message: row.next()?,
            run_count: row.next()?,
            creation_time: row.next()?,
            start_time: row.next()?,
            update_time: row.next()?,
            end_time: row.next()?,
        })
    }
}

pub(crate) fn job_id(text: &str) -> Result<JobId, DatabaseError> {
    text.parse()
        .map_err(|error| DatabaseError::Other(format!("a task's job {text:?}: {error}")))
}

pub(crate) fn status(text: &str) -> Result<Status, DatabaseError> {
    text.parse()
        .map_err(|error| DatabaseError::Other(format!("a task's status {text:?}: {error}")))
}
