//! The SQL of tasks.

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, Value, params};
use seawall_ids::{ExecutionId, TaskId};
use seawall_jobs::{JobId, NewJob};

use super::{NewTask, Task, job_id, status};
use crate::progression::Position;

const INSERT: &str = "INSERT INTO tasks \
    (execution_id, job_id, job_name, parameters, tenant, status, is_final, status_revision, \
    status_message, run_count, submitted, stop_requested, stop_told, \
    creation_time, start_time, update_time, end_time) \
    VALUES ($1, $2, $3, $4, $5, 'Pending', FALSE, 0, '', 0, FALSE, $6, FALSE, $7, 0, $7, 0)";
const OF_EXECUTION: &str = "SELECT id, execution_id, job_id, job_name, status, status_message, \
    run_count, creation_time, start_time, update_time, end_time FROM tasks \
    WHERE execution_id = $1 ORDER BY id LIMIT $2";
const OF_JOB: &str = "SELECT id, execution_id, job_id, job_name, status, status_message, \
    run_count, creation_time, start_time, update_time, end_time FROM tasks WHERE job_id = $1";
const POSITION: &str = "SELECT id, status, status_revision FROM tasks WHERE job_id = $1";
const MOVE: &str = "UPDATE tasks SET status = $2, is_final = $3, status_revision = $4, \
    status_message = $5, update_time = $6, \
    start_time = CASE WHEN $7 AND start_time = 0 THEN $6 ELSE start_time END, \
    end_time = CASE WHEN $3 THEN $6 ELSE 0 END WHERE id = $1";
const REQUEST_STOP: &str =
    "UPDATE tasks SET stop_requested = TRUE WHERE execution_id = $1 AND NOT is_final";
const REQUEST_STOP_OF_JOB: &str =
    "UPDATE tasks SET stop_requested = TRUE WHERE job_id = $1 AND NOT is_final";
/// Those that the job store does not know; it stops the others itself.
const REQUEST_STOP_OF_WAITING: &str = "UPDATE tasks SET stop_requested = TRUE \
    WHERE NOT is_final AND NOT submitted AND ($1 = '' OR job_name = $1)";
const TO_SUBMIT: &str = "SELECT job_id, job_name, parameters, tenant FROM tasks \
    WHERE NOT is_final AND NOT submitted ORDER BY id LIMIT $1";
/// A job that the store was given again after it lost it is to be stopped again, too.
const SUBMITTED: &str = "UPDATE tasks SET submitted = TRUE, stop_told = FALSE, \
    run_count = run_count + 1 \
    WHERE job_id IN (SELECT value FROM json_each($1)) AND NOT submitted";
const TO_STOP: &str = "SELECT job_id FROM tasks \
    WHERE NOT is_final AND stop_requested AND NOT stop_told AND submitted ORDER BY id LIMIT $1";
const STOP_TOLD: &str =
    "UPDATE tasks SET stop_told = TRUE WHERE job_id IN (SELECT value FROM json_each($1))";
/// Those that the job store should know, and that nothing was heard of for a while.
const QUIET: &str = "SELECT id, job_id, status, status_revision FROM tasks \
    WHERE NOT is_final AND submitted AND id > $1 AND update_time < $2 ORDER BY id LIMIT $3";
const LOST: &str = "UPDATE tasks SET submitted = FALSE \
    WHERE id = $1 AND NOT is_final AND submitted";

pub(crate) const STATEMENTS: &[&str] = &[
    INSERT,
    OF_EXECUTION,
    OF_JOB,
    POSITION,
    MOVE,
    REQUEST_STOP,
    REQUEST_STOP_OF_JOB,
    REQUEST_STOP_OF_WAITING,
    TO_SUBMIT,
    SUBMITTED,
    TO_STOP,
    STOP_TOLD,
    QUIET,
    LOST,
];

pub(crate) async fn insert(
    tx: &mut Tx,
    execution: ExecutionId,
    task: &NewTask,
    stop_requested: bool,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        INSERT,
        params![
            execution,
            JobId::random().as_str(),
            &task.job_name,
            serde_json::Value::Object(task.parameters.clone()).to_string(),
            &task.tenant,
            stop_requested,
            now,
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn of_execution(
    tx: &mut Tx,
    execution: ExecutionId,
    limit: u32,
) -> Result<Vec<Task>, DatabaseError> {
    tx.fetch_all(OF_EXECUTION, params![execution, limit]).await
}

pub(crate) async fn of_job(tx: &mut Tx, job: &str) -> Result<Option<Task>, DatabaseError> {
    tx.fetch_optional(OF_JOB, params![job]).await
}

/// Where the task of a job is. Lock its execution first.
pub(crate) async fn position(
    tx: &mut Tx,
    job: &str,
) -> Result<Option<(TaskId, Position)>, DatabaseError> {
    let row: Option<(TaskId, String, i64)> = tx.fetch_optional(POSITION, params![job]).await?;
    row.map(|(id, name, revision)| {
        let status = status(&name)?;
        Ok((id, Position { status, revision }))
    })
    .transpose()
}

pub(crate) async fn move_to(
    tx: &mut Tx,
    id: TaskId,
    to: Position,
    message: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        MOVE,
        params![
            id,
            to.status.as_str(),
            to.status.is_final(),
            to.revision,
            message,
            now,
            to.status == seawall_jobs::Status::Running,
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn request_stop(
    tx: &mut Tx,
    execution: ExecutionId,
) -> Result<u64, DatabaseError> {
    tx.execute(REQUEST_STOP, params![execution]).await
}

pub(crate) async fn request_stop_of_job(tx: &mut Tx, job: &str) -> Result<bool, DatabaseError> {
    Ok(tx.execute(REQUEST_STOP_OF_JOB, params![job]).await? > 0)
}

/// Of this type of job; of all without one.
pub(crate) async fn request_stop_of_waiting(
    tx: &mut Tx,
    job_name: Option<&str>,
) -> Result<u64, DatabaseError> {
    let name = job_name.unwrap_or_default();
    tx.execute(REQUEST_STOP_OF_WAITING, params![name]).await
}

/// A task whose job the store is to be given.
pub(crate) struct Unsubmitted(pub NewJob);

impl FromRow for Unsubmitted {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let job = job_id(&row.next::<String>()?)?;
        let job_name = row.next()?;
        let parameters: String = row.next()?;
        let task = NewTask {
            job_name,
            parameters: serde_json::from_str(&parameters).map_err(|error| {
                DatabaseError::Other(format!("the parameters of task {job}: {error}"))
            })?,
            tenant: row.next()?,
        };
        Ok(Self(task.job(job)))
    }
}

pub(crate) async fn to_submit(tx: &mut Tx, limit: u32) -> Result<Vec<NewJob>, DatabaseError> {
    let rows: Vec<Unsubmitted> = tx.fetch_all(TO_SUBMIT, params![limit]).await?;
    Ok(rows.into_iter().map(|Unsubmitted(job)| job).collect())
}

pub(crate) async fn submitted(tx: &mut Tx, jobs: &[JobId]) -> Result<u64, DatabaseError> {
    tx.execute(SUBMITTED, params![list(jobs)]).await
}

pub(crate) async fn to_stop(tx: &mut Tx, limit: u32) -> Result<Vec<JobId>, DatabaseError> {
    let jobs: Vec<String> = tx.fetch_all(TO_STOP, params![limit]).await?;
    jobs.iter().map(|job| job_id(job)).collect()
}

pub(crate) async fn stop_told(tx: &mut Tx, jobs: &[JobId]) -> Result<u64, DatabaseError> {
    tx.execute(STOP_TOLD, params![list(jobs)]).await
}

/// A task that the job store should know.
pub(crate) struct Quiet {
    pub id: TaskId,
    pub job_id: JobId,
    pub position: Position,
}

impl FromRow for Quiet {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            job_id: job_id(&row.next::<String>()?)?,
            position: Position {
                status: status(&row.next::<String>()?)?,
                revision: row.next()?,
            },
        })
    }
}

/// Those behind `after` by id.
pub(crate) async fn quiet(
    tx: &mut Tx,
    after: TaskId,
    unchanged_since: Timestamp,
    limit: u32,
) -> Result<Vec<Quiet>, DatabaseError> {
    tx.fetch_all(QUIET, params![after, unchanged_since, limit])
        .await
}

/// Whether it was still thought to be submitted.
pub(crate) async fn lost(tx: &mut Tx, id: TaskId) -> Result<bool, DatabaseError> {
    Ok(tx.execute(LOST, params![id]).await? > 0)
}

fn list(jobs: &[JobId]) -> Value {
    Value::list(jobs.iter().map(JobId::as_str))
}
