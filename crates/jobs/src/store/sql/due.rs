//! What time brings: delays that end, leases that end, jobs that are kept no longer.

use std::time::Duration;

use seawall_database::{Engine, Timestamp, Tx, Value, params};

use super::finish::INSERT_ATTEMPT;
use super::row::parsed;
use super::{Step, hooks};
use crate::store::{Promoted, Rescued, Retention};
use crate::{JobId, MOST_LOSSES, Status, StoreError, Topic};

/// A pool of which nothing was heard for so long is forgotten.
const POOL_KEPT: Duration = Duration::from_hours(24);

macro_rules! select_due {
    () => {
        "SELECT sequence FROM jobs
        WHERE status = 'Scheduled' AND kind <> 'Periodic' AND run_at <= $1
        ORDER BY run_at LIMIT $2"
    };
}
const DUE_SQLITE: &str = select_due!();
const DUE_POSTGRES: &str = concat!(select_due!(), " FOR UPDATE SKIP LOCKED");

/// The turn: see `accept`.
const PROMOTE: &str = "
    UPDATE jobs SET status = 'Pending', update_time = $2, ready_time = run_at,
        run_at = CASE WHEN kind = 'Generic' THEN 0 ELSE run_at END,
        turn = 1 + COALESCE(
            (SELECT MAX(own.turn) FROM jobs AS own
                WHERE own.status = 'Pending' AND own.name = jobs.name AND own.tenant = jobs.tenant),
            (SELECT MIN(head.turn) FROM jobs AS head
                WHERE head.status = 'Pending' AND head.name = jobs.name), 0)
    WHERE sequence IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND status = 'Scheduled'";

const NEXT_DUE: &str = "
    SELECT run_at FROM jobs WHERE status = 'Scheduled' AND kind <> 'Periodic'
    ORDER BY run_at LIMIT 1";

macro_rules! select_lost {
    () => {
        "SELECT sequence FROM jobs WHERE token IS NOT NULL AND lease_until <= $1 LIMIT $2"
    };
}
const LOST_SQLITE: &str = select_lost!();
const LOST_POSTGRES: &str = concat!(select_lost!(), " FOR UPDATE SKIP LOCKED");

/// A job that was stopped only loses its lease.
const RESCUE: &str = "
    UPDATE jobs SET
        losses = losses + 1,
        ready_time = CASE WHEN status = 'Running' THEN $2 ELSE ready_time END,
        update_time = CASE WHEN status = 'Running' THEN $2 ELSE update_time END,
        revision = CASE WHEN status <> 'Running' OR losses + 1 >= $4 THEN revision
            WHEN revision >= $3 THEN revision + 1 ELSE $3 END,
        final_time = CASE WHEN status = 'Running' AND losses + 1 >= $4 THEN $2 ELSE final_time END,
        unique_key = CASE WHEN status = 'Running' AND losses + 1 >= $4 THEN NULL ELSE unique_key END,
        error = CASE WHEN status = 'Running' THEN 'its worker was lost' ELSE error END,
        status = CASE WHEN status <> 'Running' THEN status
            WHEN losses + 1 >= $4 THEN 'Error' ELSE 'Pending' END,
        token = NULL
    WHERE sequence IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND token IS NOT NULL
    RETURNING id, status, hook IS NOT NULL, attempts, pool, start_time";

const FORGET_POOLS: &str = "DELETE FROM job_pools WHERE heartbeat_at < $1";

macro_rules! select_swept {
    () => {
        "SELECT id FROM jobs
        WHERE status = $1 AND final_time <= $2 AND token IS NULL ORDER BY final_time LIMIT $3"
    };
}
const SWEPT_SQLITE: &str = select_swept!();
const SWEPT_POSTGRES: &str = concat!(select_swept!(), " FOR UPDATE SKIP LOCKED");
const DELETE_JOBS: &str = "DELETE FROM jobs WHERE id IN (SELECT value FROM json_each($1))";
const DELETE_ATTEMPTS: &str =
    "DELETE FROM job_attempts WHERE job_id IN (SELECT value FROM json_each($1))";
const DELETE_HOOKS: &str =
    "DELETE FROM job_hooks WHERE job_id IN (SELECT value FROM json_each($1))";

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![
        PROMOTE,
        NEXT_DUE,
        RESCUE,
        FORGET_POOLS,
        DELETE_JOBS,
        DELETE_ATTEMPTS,
        DELETE_HOOKS,
    ];
    statements.extend(match engine {
        Engine::Sqlite => [DUE_SQLITE, LOST_SQLITE, SWEPT_SQLITE],
        Engine::Postgres => [DUE_POSTGRES, LOST_POSTGRES, SWEPT_POSTGRES],
    });
    statements
}

pub(super) async fn promote(tx: &mut Tx, step: &Step, limit: &u32) -> Result<Promoted, StoreError> {
    let select = match tx.engine() {
        Engine::Sqlite => DUE_SQLITE,
        Engine::Postgres => DUE_POSTGRES,
    };
    let due: Vec<i64> = tx.fetch_all(select, params![step.now, *limit]).await?;
    let jobs = due.len() as u64;
    if jobs > 0 {
        tx.execute(PROMOTE, params![Value::list(due), step.now])
            .await?;
        step.ring(tx, Topic::Jobs);
    }
    let next: Option<Timestamp> = tx.fetch_optional(NEXT_DUE, params![]).await?;
    Ok(Promoted {
        jobs,
        next: next.unwrap_or_default(),
    })
}

pub(super) async fn rescue(tx: &mut Tx, step: &Step, limit: &u32) -> Result<Rescued, StoreError> {
    tx.execute(FORGET_POOLS, params![step.now.minus(POOL_KEPT)])
        .await?;
    let select = match tx.engine() {
        Engine::Sqlite => LOST_SQLITE,
        Engine::Postgres => LOST_POSTGRES,
    };
    let lost: Vec<i64> = tx.fetch_all(select, params![step.now, *limit]).await?;
    if lost.is_empty() {
        return Ok(Rescued::default());
    }
    let looked_at = lost.len() as u64;
    let params = params![Value::list(lost), step.now, step.now.seconds(), MOST_LOSSES];
    let rows: Vec<(String, String, bool, u32, String, Timestamp)> =
        tx.fetch_all(RESCUE, params).await?;
    let mut rescued = Rescued {
        more: looked_at >= u64::from(*limit),
        ..Rescued::default()
    };
    let mut told = Vec::new();
    for (id, status, has_hook, number, pool, start_time) in rows {
        let id: JobId = parsed(&id)?;
        tx.execute(
            INSERT_ATTEMPT,
            params![
                id.as_str(),
                number,
                &pool,
                start_time,
                step.now,
                "lost",
                "its lease ended: the worker died, or did not reach the store"
            ],
        )
        .await?;
        tracing::warn!(job = %id, pool, attempt = number, "a job lost its worker");
        match parsed::<Status>(&status)? {
            Status::Pending => rescued.requeued += 1,
            Status::Error => {
                rescued.failed += 1;
                told.extend(has_hook.then_some(id));
            }
            _ => {}
        }
    }
    if !told.is_empty() {
        hooks::tell_status(tx, step, &told).await?;
    }
    step.ring(tx, Topic::Jobs);
    Ok(rescued)
}

pub(super) async fn sweep(
    tx: &mut Tx,
    step: &Step,
    (retention, limit): &(Retention, u32),
) -> Result<u64, StoreError> {
    let select = match tx.engine() {
        Engine::Sqlite => SWEPT_SQLITE,
        Engine::Postgres => SWEPT_POSTGRES,
    };
    let mut swept: Vec<String> = Vec::new();
    for (status, kept) in [
        (Status::Success, retention.done),
        (Status::Stopped, retention.done),
        (Status::Error, retention.failed),
    ] {
        let left = u64::from(*limit).saturating_sub(swept.len() as u64);
        let params = params![status.as_str(), step.now.minus(kept), left];
        let ids: Vec<String> = tx.fetch_all(select, params).await?;
        swept.extend(ids);
    }
    let jobs = swept.len() as u64;
    if jobs > 0 {
        let ids = Value::list(swept);
        for delete in [DELETE_HOOKS, DELETE_ATTEMPTS, DELETE_JOBS] {
            tx.execute(delete, vec![ids.clone()]).await?;
        }
    }
    Ok(jobs)
}
