//! Accepting jobs: the row, its turn in the queue and its unique key, in one statement.
//!
//! **Turns.** Within a type, tenants take turns: a new job's turn is one more than that of its
//! tenant's last pending job, or than the lowest turn that is pending if the tenant has none. So a
//! tenant that comes late stands near the front, however long the queue of another is, and each
//! tenant's own jobs keep their order (start-time fair queueing).

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use seawall_database::{DatabaseError, Engine, Timestamp, Tx, Value, params};
use serde_json::{Value as Json, json};

use super::Step;
use super::row::{id_list, job_columns, to_json};
use crate::new_job::MOST_JOBS_AT_ONCE;
use crate::{Enqueued, Job, JobId, NewJob, Status, StoreError, Topic, UniqueUntil};

/// How long a unique key keeps others out, as in Harbor.
const UNIQUE_FOR: Duration = Duration::from_hours(24);

const INSERT_SQLITE: &str = "
    INSERT INTO jobs (id, name, status, kind, parameters, is_unique, unique_key, unique_until,
        cron_spec, upstream_job_id, numeric_policy_id, enqueue_time, update_time, run_at, hook,
        revision, tenant, max_attempts, turn, ready_time)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    ON CONFLICT DO NOTHING";

/// Many jobs in one parameter: one way to the server and back.
const INSERT_POSTGRES: &str = "
    INSERT INTO jobs (id, name, status, kind, parameters, is_unique, unique_key, unique_until,
        cron_spec, upstream_job_id, numeric_policy_id, enqueue_time, update_time, run_at, hook,
        revision, tenant, max_attempts, turn, ready_time)
    SELECT job ->> 0, job ->> 1, job ->> 2, job ->> 3, job ->> 4, CAST(job ->> 5 AS BOOLEAN),
        job ->> 6, job ->> 7, job ->> 8, job ->> 9, CAST(job ->> 10 AS BIGINT),
        CAST(job ->> 11 AS BIGINT), CAST(job ->> 12 AS BIGINT), CAST(job ->> 13 AS BIGINT),
        job ->> 14, CAST(job ->> 15 AS BIGINT), job ->> 16, CAST(job ->> 17 AS BIGINT),
        CAST(job ->> 18 AS BIGINT), CAST(job ->> 19 AS BIGINT)
    FROM json_array_elements(CAST($1 AS JSON)) AS job
    ON CONFLICT DO NOTHING
    RETURNING id";

const LAST_TURN: &str = "
    SELECT COALESCE(
        (SELECT MAX(turn) FROM jobs WHERE status = 'Pending' AND name = $1 AND tenant = $2),
        (SELECT turn FROM jobs WHERE status = 'Pending' AND name = $1 ORDER BY turn LIMIT 1), 0)";

const EXPIRE_UNIQUE: &str = "
    UPDATE jobs SET unique_key = NULL
    WHERE unique_key IN (SELECT value FROM json_each($1)) AND enqueue_time <= $2";

const SELECT_KNOWN: &str = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each($1))";

const SELECT_UNIQUE: &str = "
    SELECT unique_key, id FROM jobs WHERE unique_key IN (SELECT value FROM json_each($1))";

pub(super) const SELECT_JOBS: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs WHERE id IN (SELECT value FROM json_each($1))"
);

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![
        LAST_TURN,
        EXPIRE_UNIQUE,
        SELECT_KNOWN,
        SELECT_UNIQUE,
        SELECT_JOBS,
    ];
    statements.push(match engine {
        Engine::Sqlite => INSERT_SQLITE,
        Engine::Postgres => INSERT_POSTGRES,
    });
    statements
}

/// A row to insert.
pub(super) struct NewRow {
    job: Job,
    unique_key: Option<String>,
    unique_until: Option<&'static str>,
    turn: i64,
    ready_time: Timestamp,
}

pub(super) async fn enqueue(
    tx: &mut Tx,
    step: &Step,
    jobs: &[NewJob],
) -> Result<Vec<Enqueued>, StoreError> {
    if jobs.len() > MOST_JOBS_AT_ONCE {
        return Err(StoreError::Invalid(format!(
            "at most {MOST_JOBS_AT_ONCE} jobs are accepted at once"
        )));
    }
    for job in jobs {
        job.check()?;
    }
    let mut rows: Vec<NewRow> = jobs.iter().map(|job| NewRow::new(job, step.now)).collect();
    free_expired_keys(tx, &rows, step.now).await?;
    insert(tx, step, &mut rows)
        .await?
        .into_iter()
        .zip(rows)
        .map(|(existing, row)| {
            Ok(match existing {
                None => Enqueued::New(Box::new(row.job)),
                Some(id) => Enqueued::Existing(id),
            })
        })
        .collect()
}

impl NewRow {
    fn new(new: &NewJob, now: Timestamp) -> Self {
        let delayed = new.run_at.filter(|run_at| *run_at > now);
        let job = Job {
            status: match delayed {
                Some(_) => Status::Scheduled,
                None => Status::Pending,
            },
            enqueue_time: now,
            update_time: now,
            revision: now.seconds(),
            ..new.job()
        };
        Self {
            unique_key: new.unique_key().map(|key| {
                // An index takes no key of any length.
                hex::encode(digest(&SHA256, key.as_bytes()))
            }),
            unique_until: new.unique.as_ref().map(|unique| match unique.until {
                UniqueUntil::Started => "started",
                UniqueUntil::Finished => "finished",
            }),
            turn: 0,
            ready_time: delayed.unwrap_or(now),
            job,
        }
    }

    /// A row for a job as it is: a schedule, or a run of one.
    pub(super) fn of(job: Job, now: Timestamp) -> Self {
        Self {
            job,
            unique_key: None,
            unique_until: None,
            turn: 0,
            ready_time: now,
        }
    }

    /// In the order of the columns.
    fn params(&self) -> Result<Vec<Value>, StoreError> {
        let job = &self.job;
        Ok(params![
            job.id.as_str(),
            &job.name,
            job.status.as_str(),
            job.kind.as_str(),
            to_json(&job.parameters)?,
            job.unique,
            self.unique_key.clone(),
            self.unique_until,
            job.cron_spec.clone(),
            job.upstream_job_id.as_ref().map(JobId::as_str),
            job.numeric_policy_id,
            job.enqueue_time,
            job.update_time,
            job.run_at,
            job.hook.as_ref().map(|hook| hook.as_str().to_owned()),
            job.revision,
            &job.tenant,
            job.max_attempts,
            self.turn,
            self.ready_time,
        ])
    }
}

/// Inserts rows and gives each its turn. For one that was not inserted, the id of the job that is
/// in its way.
pub(super) async fn insert(
    tx: &mut Tx,
    step: &Step,
    rows: &mut [NewRow],
) -> Result<Vec<Option<JobId>>, StoreError> {
    give_turns(tx, rows).await?;
    let mut inserted = Vec::with_capacity(rows.len());
    match tx.engine() {
        // A statement runs where it is called: one for each job is the fastest.
        Engine::Sqlite => {
            for row in &*rows {
                inserted.push(tx.execute(INSERT_SQLITE, row.params()?).await? == 1);
            }
        }
        Engine::Postgres => {
            let list: Vec<Json> = rows
                .iter()
                .map(|row| Ok(json!(row.params()?.iter().map(plain).collect::<Vec<_>>())))
                .collect::<Result<_, StoreError>>()?;
            let list = Json::Array(list).to_string();
            let mut ids: std::collections::HashSet<String> = tx
                .fetch_all(INSERT_POSTGRES, params![list])
                .await?
                .into_iter()
                .collect();
            inserted.extend(rows.iter().map(|row| ids.remove(row.job.id.as_str())));
        }
    }
    if inserted.contains(&true) {
        step.ring(tx, Topic::Jobs);
    }
    if inserted.iter().all(|inserted| *inserted) {
        return Ok(vec![None; rows.len()]);
    }
    in_the_way(tx, rows, &inserted).await
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Integer(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Boolean(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Bytes(value) => json!(value),
    }
}

async fn give_turns(tx: &mut Tx, rows: &mut [NewRow]) -> Result<(), DatabaseError> {
    let mut last: HashMap<(String, String), i64> = HashMap::new();
    for row in rows {
        if row.job.status != Status::Pending {
            continue;
        }
        let key = (row.job.name.clone(), row.job.tenant.clone());
        let turn = match last.get(&key) {
            Some(turn) => *turn,
            None => tx.fetch_one(LAST_TURN, params![&key.0, &key.1]).await?,
        };
        row.turn = turn + 1;
        last.insert(key, row.turn);
    }
    Ok(())
}

async fn free_expired_keys(
    tx: &mut Tx,
    rows: &[NewRow],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let keys: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.unique_key.as_deref())
        .collect();
    if !keys.is_empty() {
        let params = params![Value::list(keys), now.minus(UNIQUE_FOR)];
        tx.execute(EXPIRE_UNIQUE, params).await?;
    }
    Ok(())
}

async fn in_the_way(
    tx: &mut Tx,
    rows: &[NewRow],
    inserted: &[bool],
) -> Result<Vec<Option<JobId>>, StoreError> {
    let refused = || {
        rows.iter()
            .zip(inserted)
            .filter_map(|(row, inserted)| (!inserted).then_some(row))
    };
    let ids = id_list(refused().map(|row| &row.job.id));
    let known: Vec<String> = tx.fetch_all(SELECT_KNOWN, vec![ids]).await?;
    let keys = Value::list(refused().filter_map(|row| row.unique_key.clone()));
    let unique: HashMap<String, String> = tx
        .fetch_all(SELECT_UNIQUE, vec![keys])
        .await?
        .into_iter()
        .collect();
    rows.iter()
        .zip(inserted)
        .map(|(row, inserted)| {
            if *inserted {
                return Ok(None);
            }
            let holder = row.unique_key.as_ref().and_then(|key| unique.get(key));
            if known.iter().any(|id| id == row.job.id.as_str()) {
                return Ok(Some(row.job.id.clone()));
            }
            match holder {
                Some(id) => Ok(Some(super::row::parsed(id)?)),
                // The one in the way went away between the two statements: as if asked again.
                None => Err(DatabaseError::Serialization(format!(
                    "the job in the way of {} is gone",
                    row.job.id
                ))
                .into()),
            }
        })
        .collect()
}
