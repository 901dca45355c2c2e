//! The outbox of hooks. Of each job only the oldest event has a time at which it is due; when it
//! was delivered the next one gets it.
//!
//! Whoever adds an event has changed the job's row before, and whoever takes one away locks that
//! row first: so neither overlooks the other, and no event is left without a time.

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};

use super::accept::SELECT_JOBS;
use super::row::{id_list, parsed};
use super::{Step, locks};
use crate::{Delivery, HookEvent, HookRequest, HookTarget, Job, JobId, StoreError, Topic};

macro_rules! insert {
    ($check_in:literal) => {
        concat!(
            "INSERT INTO job_hooks
                (job_id, target, receiver, status, revision, check_in, event_time, next_time)
            SELECT jobs.id, jobs.hook,
                CASE WHEN jobs.hook LIKE 'process:%' THEN SUBSTR(jobs.hook, 9) ELSE '' END,
                jobs.status, jobs.revision, ",
            $check_in,
            ", CAST($2 AS BIGINT),
                CASE WHEN EXISTS (SELECT 1 FROM job_hooks AS earlier WHERE earlier.job_id = jobs.id)
                    THEN NULL ELSE CAST($2 AS BIGINT) END
            FROM jobs
            WHERE jobs.id IN (SELECT value FROM json_each($1)) AND jobs.hook IS NOT NULL"
        )
    };
}

const TELL_STATUS: &str = insert!("''");
const TELL_CHECK_IN: &str = insert!("CAST($3 AS TEXT)");

macro_rules! select_due {
    () => {
        "SELECT id FROM job_hooks WHERE receiver = $1 AND next_time <= $2
        ORDER BY next_time, id LIMIT $3"
    };
}
const DUE_SQLITE: &str = select_due!();
const DUE_POSTGRES: &str = concat!(select_due!(), " FOR UPDATE SKIP LOCKED");

const LEASE: &str = "
    UPDATE job_hooks SET next_time = $2
    WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))
    RETURNING id, job_id, target, status, revision, check_in, event_time, tries";

/// What these events told. Nothing of one that is gone: somebody else has delivered it, and perhaps
/// later ones.
const ACKNOWLEDGE: &str = "
    UPDATE jobs SET ack_status = told.status, ack_revision = told.revision,
        ack_check_in_at = CASE WHEN told.check_in = '' THEN 0 ELSE told.event_time / 1000000 END
    FROM job_hooks AS told
    WHERE told.job_id = jobs.id AND told.id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";

const DELETE: &str = "
    DELETE FROM job_hooks WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";

const HAND_ON: &str = "
    UPDATE job_hooks SET next_time = $2
    WHERE next_time IS NULL AND job_id IN (SELECT value FROM json_each($1))
        AND NOT EXISTS (SELECT 1 FROM job_hooks AS earlier
            WHERE earlier.job_id = job_hooks.job_id AND earlier.id < job_hooks.id)";

const AGAIN: &str = "
    UPDATE job_hooks SET next_time = $2, tries = tries + CAST($3 AS BIGINT)
    WHERE id = $1 AND next_time IS NOT NULL";

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![
        TELL_STATUS,
        TELL_CHECK_IN,
        LEASE,
        ACKNOWLEDGE,
        DELETE,
        HAND_ON,
        AGAIN,
    ];
    statements.push(match engine {
        Engine::Sqlite => DUE_SQLITE,
        Engine::Postgres => DUE_POSTGRES,
    });
    statements
}

/// Tells the hooks of these jobs their present status.
pub(super) async fn tell_status<'a>(
    tx: &mut Tx,
    step: &Step,
    ids: impl IntoIterator<Item = &'a JobId>,
) -> Result<(), DatabaseError> {
    let told = tx
        .execute(TELL_STATUS, params![id_list(ids), step.now])
        .await?;
    if told > 0 {
        step.ring(tx, Topic::Hooks);
    }
    Ok(())
}

/// Tells the hook of this job, if it has one, what its run says.
pub(super) async fn tell_check_in(
    tx: &mut Tx,
    step: &Step,
    id: &JobId,
    text: &str,
) -> Result<(), DatabaseError> {
    let params = params![id_list([id]), step.now, text];
    if tx.execute(TELL_CHECK_IN, params).await? > 0 {
        step.ring(tx, Topic::Hooks);
    }
    Ok(())
}

struct Row {
    id: i64,
    job_id: String,
    target: String,
    status: String,
    revision: i64,
    check_in: String,
    event_time: Timestamp,
    tries: u32,
}

impl FromRow for Row {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            job_id: row.next()?,
            target: row.next()?,
            status: row.next()?,
            revision: row.next()?,
            check_in: row.next()?,
            event_time: row.next()?,
            tries: row.next()?,
        })
    }
}

pub(super) async fn due(
    tx: &mut Tx,
    step: &Step,
    request: &HookRequest,
) -> Result<Vec<HookEvent>, StoreError> {
    let select = match tx.engine() {
        Engine::Sqlite => DUE_SQLITE,
        Engine::Postgres => DUE_POSTGRES,
    };
    let url = request.urls.then_some("");
    // Those in the process first: there are few of them, and they take moments.
    let receivers = request.receivers.iter().map(String::as_str).chain(url);
    let mut due: Vec<i64> = Vec::new();
    for receiver in receivers {
        let left = u64::from(request.limit).saturating_sub(due.len() as u64);
        if left == 0 {
            break;
        }
        let ids: Vec<i64> = tx
            .fetch_all(select, params![receiver, step.now, left])
            .await?;
        due.extend(ids);
    }
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let params = params![Value::list(due), step.now.plus(request.lease)];
    let mut rows: Vec<Row> = tx.fetch_all(LEASE, params).await?;
    rows.sort_by_key(|row| row.id);
    let ids = Value::list(rows.iter().map(|row| &row.job_id));
    let jobs: Vec<Job> = tx.fetch_all(SELECT_JOBS, vec![ids]).await?;
    let events = rows.into_iter().filter_map(|row| {
        let job = jobs.iter().find(|job| job.id.as_str() == row.job_id)?;
        Some(event(row, job.clone()))
    });
    events.collect()
}

fn event(row: Row, mut job: Job) -> Result<HookEvent, StoreError> {
    job.status = parsed(&row.status)?;
    job.revision = row.revision;
    job.update_time = row.event_time;
    if !row.check_in.is_empty() {
        job.check_in_at = row.event_time;
    }
    Ok(HookEvent {
        id: row.id.to_string(),
        target: HookTarget::try_from(row.target)?,
        job,
        check_in: row.check_in,
        tries: row.tries,
    })
}

pub(super) async fn settle(
    tx: &mut Tx,
    step: &Step,
    deliveries: &[(HookEvent, Delivery)],
) -> Result<(), StoreError> {
    let mut delivered: Vec<i64> = Vec::new();
    let mut jobs = Vec::new();
    for (event, delivery) in deliveries {
        let id: i64 = parsed(&event.id)?;
        match delivery {
            Delivery::Delivered => {
                delivered.push(id);
                jobs.push(&event.job.id);
            }
            Delivery::Failed { retry_after } => {
                tx.execute(AGAIN, params![id, step.now.plus(*retry_after), 1])
                    .await?;
            }
            Delivery::Held { lease } => {
                tx.execute(AGAIN, params![id, step.now.plus(*lease), 0])
                    .await?;
            }
        }
    }
    if !delivered.is_empty() {
        // One way to the server and back for all of them: others wait for these rows.
        locks::lock_jobs(tx, jobs.iter().copied()).await?;
        let delivered = Value::list(delivered);
        tx.execute(ACKNOWLEDGE, vec![delivered.clone()]).await?;
        tx.execute(DELETE, vec![delivered]).await?;
        let more = tx
            .execute(HAND_ON, params![id_list(jobs), step.now])
            .await?;
        if more > 0 {
            step.ring(tx, Topic::Hooks);
        }
    }
    Ok(())
}
