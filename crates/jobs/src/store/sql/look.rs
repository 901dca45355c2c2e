//! What people and surfaces look at: jobs, lists, queues, pools.

use std::collections::BTreeMap;
use std::time::Duration;

use seawall_database::{
    DatabaseError, FromRow, RowReader, SqlBuilder, Timestamp, Tx, Value, params,
};

use super::Step;
use super::accept::SELECT_JOBS;
use super::row::{id_list, job_columns, parsed, to_json};
use crate::store::{Executions, JobFilter, JobPage, PoolRecord, QueueRecord, RunRecord};
use crate::{AttemptRecord, Job, JobId, StoreError, Topic};

const SELECT_ATTEMPTS: &str = "
    SELECT number, pool, start_time, end_time, outcome, message
    FROM job_attempts WHERE job_id = $1 ORDER BY id LIMIT 1000";

const LIST: &str = concat!(
    "SELECT sequence, ",
    job_columns!(),
    " FROM jobs WHERE 1 = 1"
);
const COUNT: &str = "SELECT COUNT(*) FROM jobs WHERE 1 = 1";

const EXECUTIONS: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs WHERE upstream_job_id = $1 AND (final_time IS NULL OR NOT $2)
    ORDER BY run_at DESC LIMIT $3 OFFSET $4"
);
const COUNT_EXECUTIONS: &str = "
    SELECT COUNT(*) FROM jobs WHERE upstream_job_id = $1 AND (final_time IS NULL OR NOT $2)";

const PENDING: &str = "
    SELECT name, COUNT(*), MIN(ready_time) FROM jobs WHERE status = 'Pending' GROUP BY name";
const WAITING: &str = "
    SELECT name, COUNT(*) FROM jobs
    WHERE status = 'Scheduled' AND kind <> 'Periodic' GROUP BY name";
const RUNNING: &str = "SELECT name, COUNT(*) FROM jobs WHERE token IS NOT NULL GROUP BY name";
const PAUSED: &str = "SELECT name FROM job_queues WHERE paused";

const SET_PAUSED: &str = "
    INSERT INTO job_queues (name, paused) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET paused = $2";

const REGISTER_POOL: &str = "
    INSERT INTO job_pools (id, started_at, heartbeat_at, job_names, concurrency, host, pid)
    VALUES ($1, $2, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = $2, job_names = $3, concurrency = $4,
        host = $5, pid = $6";
const REMOVE_POOL: &str = "DELETE FROM job_pools WHERE id = $1";
const SELECT_POOLS: &str = "
    SELECT id, started_at, heartbeat_at, job_names, concurrency, host, pid
    FROM job_pools ORDER BY id";
const SELECT_RUNS: &str = "
    SELECT id, name, pool, start_time, check_in_at FROM jobs
    WHERE token IS NOT NULL ORDER BY start_time, id LIMIT $1";

pub(super) const STATEMENTS: &[&str] = &[
    SELECT_ATTEMPTS,
    LIST,
    COUNT,
    EXECUTIONS,
    COUNT_EXECUTIONS,
    PENDING,
    WAITING,
    RUNNING,
    PAUSED,
    SET_PAUSED,
    REGISTER_POOL,
    REMOVE_POOL,
    SELECT_POOLS,
    SELECT_RUNS,
];

pub(super) async fn get(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
    Ok(tx.fetch_all(SELECT_JOBS, vec![id_list(ids)]).await?)
}

pub(super) async fn attempts(tx: &mut Tx, id: &JobId) -> Result<Vec<AttemptRecord>, StoreError> {
    Ok(tx.fetch_all(SELECT_ATTEMPTS, params![id.as_str()]).await?)
}

fn filtered(head: &'static str, filter: &JobFilter) -> SqlBuilder {
    let mut sql = SqlBuilder::new(head);
    if let Some(name) = &filter.name {
        sql.push(" AND name = ").bind(name);
    }
    if let Some(kind) = filter.kind {
        sql.push(" AND kind = ").bind(kind.as_str());
    }
    if !filter.statuses.is_empty() {
        sql.push(" AND status IN (SELECT value FROM json_each(")
            .bind(Value::list(
                filter.statuses.iter().map(|status| status.as_str()),
            ))
            .push("))");
    }
    sql
}

pub(super) async fn list(tx: &mut Tx, filter: &JobFilter) -> Result<JobPage, StoreError> {
    let mut page = JobPage::default();
    if filter.count {
        let (sql, params) = filtered(COUNT, filter).build();
        page.total = Some(tx.fetch_one(sql, params).await?);
    }
    let mut sql = filtered(LIST, filter);
    if let Some(cursor) = &filter.cursor {
        let before: i64 = cursor
            .parse()
            .map_err(|_| StoreError::Invalid("no such cursor".to_owned()))?;
        sql.push(" AND sequence < ").bind(before);
    }
    sql.push(" ORDER BY sequence DESC LIMIT ")
        .bind(filter.limit)
        .push(" OFFSET ")
        .bind(filter.offset);
    let (sql, params) = sql.build();
    let rows: Vec<(i64, Job)> = tx.fetch_all(sql, params).await?;
    if rows.len() >= filter.limit as usize {
        page.next = rows.last().map(|(sequence, _)| sequence.to_string());
    }
    page.jobs = rows.into_iter().map(|(_, job)| job).collect();
    Ok(page)
}

pub(super) async fn executions(
    tx: &mut Tx,
    schedule: &JobId,
    unfinished_only: bool,
    offset: u64,
    limit: u32,
) -> Result<Executions, StoreError> {
    let id = schedule.as_str();
    let total = tx
        .fetch_one(COUNT_EXECUTIONS, params![id, unfinished_only])
        .await?;
    let jobs = tx
        .fetch_all(EXECUTIONS, params![id, unfinished_only, limit, offset])
        .await?;
    Ok(Executions { jobs, total })
}

fn queue(queues: &mut BTreeMap<String, QueueRecord>, name: String) -> &mut QueueRecord {
    queues.entry(name.clone()).or_insert(QueueRecord {
        name,
        pending: 0,
        scheduled: 0,
        running: 0,
        latency: Duration::ZERO,
        paused: false,
    })
}

pub(super) async fn queues(tx: &mut Tx, now: Timestamp) -> Result<Vec<QueueRecord>, StoreError> {
    let mut queues: BTreeMap<String, QueueRecord> = BTreeMap::new();
    for pool in pools(tx).await? {
        for name in pool.job_names {
            queue(&mut queues, name);
        }
    }
    let pending: Vec<(String, u64, Timestamp)> = tx.fetch_all(PENDING, params![]).await?;
    for (name, count, oldest) in pending {
        let queue = queue(&mut queues, name);
        queue.pending = count;
        let waited = u64::try_from(now.0 - oldest.0).unwrap_or_default();
        queue.latency = Duration::from_micros(waited);
    }
    let waiting: Vec<(String, u64)> = tx.fetch_all(WAITING, params![]).await?;
    for (name, count) in waiting {
        queue(&mut queues, name).scheduled = count;
    }
    let running: Vec<(String, u64)> = tx.fetch_all(RUNNING, params![]).await?;
    for (name, count) in running {
        queue(&mut queues, name).running = count;
    }
    let paused: Vec<String> = tx.fetch_all(PAUSED, params![]).await?;
    for name in paused {
        queue(&mut queues, name).paused = true;
    }
    Ok(queues.into_values().collect())
}

pub(super) async fn set_paused(
    tx: &mut Tx,
    step: &Step,
    (queue, paused): &(String, bool),
) -> Result<(), StoreError> {
    crate::new_job::check_name(queue)?;
    tx.execute(SET_PAUSED, params![queue, *paused]).await?;
    step.ring(tx, Topic::Jobs);
    Ok(())
}

pub(super) async fn register_pool(
    tx: &mut Tx,
    step: &Step,
    pool: &PoolRecord,
) -> Result<(), StoreError> {
    let params = params![
        &pool.id,
        step.now,
        to_json(&pool.job_names)?,
        pool.concurrency,
        &pool.host,
        pool.pid
    ];
    tx.execute(REGISTER_POOL, params).await?;
    Ok(())
}

pub(super) async fn remove_pool(tx: &mut Tx, _: &Step, pool: &String) -> Result<(), StoreError> {
    tx.execute(REMOVE_POOL, params![pool]).await?;
    Ok(())
}

pub(super) async fn pools(tx: &mut Tx) -> Result<Vec<PoolRecord>, StoreError> {
    Ok(tx.fetch_all(SELECT_POOLS, params![]).await?)
}

pub(super) async fn runs(tx: &mut Tx, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
    Ok(tx.fetch_all(SELECT_RUNS, params![limit]).await?)
}

impl FromRow for RunRecord {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            job: parsed(&row.next::<String>()?)?,
            name: row.next()?,
            pool: row.next()?,
            start_time: row.next()?,
            check_in_at: row.next()?,
        })
    }
}
