//! Stopping jobs, one or a queue.

use seawall_database::{DatabaseError, Engine, Tx, Value, params};

use super::row::parsed;
use super::{Step, hooks, locks};
use crate::store::{JobSelector, Stopped};
use crate::{JobId, StoreError, Topic};

const SET_STOPPED: &str = "
    UPDATE jobs SET status = 'Stopped', update_time = $2, final_time = $2, unique_key = NULL
    WHERE id IN (SELECT value FROM json_each($1)) AND status IN ('Pending', 'Scheduled', 'Running')
    RETURNING id, token IS NOT NULL, hook IS NOT NULL, kind = 'Periodic'";

const DELETE_SCHEDULE: &str = "DELETE FROM job_schedules WHERE id = $1";

const SELECT_RUNS: &str = "
    SELECT id FROM jobs WHERE upstream_job_id = $1 AND status IN ('Pending', 'Scheduled')";

macro_rules! select_waiting {
    ($condition:literal) => {
        concat!("SELECT id FROM jobs WHERE ", $condition, " LIMIT $2")
    };
}

const PENDING: &str = select_waiting!("status = 'Pending' AND name = $1 ORDER BY turn");
const PENDING_SKIPPED: &str = concat!(
    select_waiting!("status = 'Pending' AND name = $1 ORDER BY turn"),
    " FOR UPDATE SKIP LOCKED"
);
const WAITING: &str =
    select_waiting!("status = 'Scheduled' AND kind <> 'Periodic' AND name = $1 ORDER BY run_at");
const WAITING_SKIPPED: &str = concat!(
    select_waiting!("status = 'Scheduled' AND kind <> 'Periodic' AND name = $1 ORDER BY run_at"),
    " FOR UPDATE SKIP LOCKED"
);

const QUEUES: &str = "
    SELECT DISTINCT name FROM jobs WHERE status = 'Pending'
    UNION SELECT DISTINCT name FROM jobs WHERE status = 'Scheduled' AND kind <> 'Periodic'";

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![SET_STOPPED, DELETE_SCHEDULE, SELECT_RUNS, QUEUES];
    statements.extend(match engine {
        Engine::Sqlite => [PENDING, WAITING],
        Engine::Postgres => [PENDING_SKIPPED, WAITING_SKIPPED],
    });
    statements
}

pub(super) async fn stop(
    tx: &mut Tx,
    step: &Step,
    (selector, limit): &(JobSelector, u32),
) -> Result<Stopped, StoreError> {
    match selector {
        JobSelector::Job(id) => {
            let (jobs, was_schedule) = set_stopped(tx, step, vec![id.to_string()]).await?;
            if was_schedule {
                delete_schedule(tx, step, id).await?;
            }
            Ok(Stopped { jobs, more: false })
        }
        JobSelector::Queue(name) => stop_queue(tx, step, name, *limit).await,
        JobSelector::AllQueues => {
            let mut stopped = Stopped::default();
            let names: Vec<String> = tx.fetch_all(QUEUES, params![]).await?;
            for name in names {
                let left = u64::from(*limit).saturating_sub(stopped.jobs);
                if left == 0 {
                    stopped.more = true;
                    break;
                }
                let left = u32::try_from(left).unwrap_or(*limit);
                let queue = stop_queue(tx, step, &name, left).await?;
                stopped.jobs += queue.jobs;
                stopped.more |= queue.more;
            }
            Ok(stopped)
        }
    }
}

async fn stop_queue(
    tx: &mut Tx,
    step: &Step,
    name: &str,
    limit: u32,
) -> Result<Stopped, StoreError> {
    let texts = match tx.engine() {
        Engine::Sqlite => [PENDING, WAITING],
        Engine::Postgres => [PENDING_SKIPPED, WAITING_SKIPPED],
    };
    let mut ids: Vec<String> = Vec::new();
    for text in texts {
        let left = u64::from(limit).saturating_sub(ids.len() as u64);
        let more: Vec<String> = tx.fetch_all(text, params![name, left]).await?;
        ids.extend(more);
    }
    let more = ids.len() as u64 >= u64::from(limit);
    let (jobs, _) = set_stopped(tx, step, ids).await?;
    Ok(Stopped { jobs, more })
}

/// Stops jobs; how many, and whether one was a schedule.
pub(super) async fn set_stopped(
    tx: &mut Tx,
    step: &Step,
    ids: Vec<String>,
) -> Result<(u64, bool), StoreError> {
    if ids.is_empty() {
        return Ok((0, false));
    }
    if ids.len() > 1 {
        let ids: Vec<JobId> = ids
            .iter()
            .map(|id| parsed(id))
            .collect::<Result<_, DatabaseError>>()?;
        locks::lock_jobs(tx, &ids).await?;
    }
    let rows: Vec<(String, bool, bool, bool)> = tx
        .fetch_all(SET_STOPPED, params![Value::list(ids), step.now])
        .await?;
    if rows.iter().any(|row| row.1) {
        step.ring(tx, Topic::Signals);
    }
    let told: Vec<JobId> = rows
        .iter()
        .filter(|row| row.2 && !row.3)
        .map(|row| parsed(&row.0))
        .collect::<Result<_, DatabaseError>>()?;
    if !told.is_empty() {
        hooks::tell_status(tx, step, &told).await?;
    }
    Ok((rows.len() as u64, rows.iter().any(|row| row.3)))
}

async fn delete_schedule(tx: &mut Tx, step: &Step, id: &JobId) -> Result<(), StoreError> {
    tx.execute(DELETE_SCHEDULE, params![id.as_str()]).await?;
    let runs: Vec<String> = tx.fetch_all(SELECT_RUNS, params![id.as_str()]).await?;
    set_stopped(tx, step, runs).await.map(drop)
}
