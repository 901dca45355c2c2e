//! Reading rows into what the contract speaks of.

use std::fmt::Display;
use std::str::FromStr;

use seawall_database::{DatabaseError, FromRow, RowReader};
use serde::de::DeserializeOwned;

use crate::store::PoolRecord;
use crate::{Ack, AttemptRecord, HookTarget, Job, JobId, Kind, StoreError};

/// The columns of a [`Job`], in the order in which it is read.
macro_rules! job_columns {
    () => {
        "id, name, status, kind, parameters, is_unique, cron_spec, upstream_job_id, \
         numeric_policy_id, enqueue_time, update_time, run_at, check_in_at, hook, revision, \
         ack_status, ack_revision, ack_check_in_at, tenant, progress, attempts, failures, \
         max_attempts, error"
    };
}
pub(super) use job_columns;

pub(super) fn parsed<T: FromStr>(text: &str) -> Result<T, DatabaseError>
where
    T::Err: Display,
{
    text.parse()
        .map_err(|error| DatabaseError::Other(format!("a row of jobs: {error}")))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DatabaseError> {
    serde_json::from_str(text)
        .map_err(|error| DatabaseError::Other(format!("a row of jobs: {error}")))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

pub(super) fn kind(text: &str) -> Result<Kind, DatabaseError> {
    [Kind::Generic, Kind::Scheduled, Kind::Periodic]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| DatabaseError::Other(format!("a row of jobs: kind {text:?}")))
}

pub(super) fn hook(text: Option<String>) -> Result<Option<HookTarget>, DatabaseError> {
    text.map(HookTarget::try_from)
        .transpose()
        .map_err(|error| DatabaseError::Other(format!("a row of jobs: {error}")))
}

impl FromRow for Job {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let text = |row: &mut RowReader<'_>| row.next::<String>();
        Ok(Self {
            id: parsed(&text(row)?)?,
            name: row.next()?,
            status: parsed(&text(row)?)?,
            kind: kind(&text(row)?)?,
            parameters: from_json(&text(row)?)?,
            unique: row.next()?,
            cron_spec: row.next()?,
            upstream_job_id: row
                .next::<Option<String>>()?
                .map(|id| parsed(&id))
                .transpose()?,
            numeric_policy_id: row.next()?,
            enqueue_time: row.next()?,
            update_time: row.next()?,
            run_at: row.next()?,
            check_in_at: row.next()?,
            hook: hook(row.next()?)?,
            revision: row.next()?,
            ack: ack(row.next()?)?,
            tenant: row.next()?,
            progress: row
                .next::<Option<String>>()?
                .map(|progress| from_json(&progress))
                .transpose()?,
            attempts: row.next()?,
            failures: row.next()?,
            max_attempts: row.next()?,
            error: row.next()?,
        })
    }
}

type AckColumns = (Option<String>, Option<i64>, Option<i64>);

fn ack((status, revision, check_in_at): AckColumns) -> Result<Option<Ack>, DatabaseError> {
    let (Some(status), Some(revision)) = (status, revision) else {
        return Ok(None);
    };
    Ok(Some(Ack {
        status: parsed(&status)?,
        revision,
        check_in_at: check_in_at.unwrap_or_default(),
    }))
}

impl FromRow for AttemptRecord {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            number: row.next()?,
            pool: row.next()?,
            start_time: row.next()?,
            end_time: row.next()?,
            outcome: row.next()?,
            message: row.next()?,
        })
    }
}

impl FromRow for PoolRecord {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            started_at: row.next()?,
            heartbeat_at: row.next()?,
            job_names: from_json(&row.next::<String>()?)?,
            concurrency: row.next()?,
            host: row.next()?,
            pid: row.next()?,
        })
    }
}

/// The ids of a list of jobs, for `id IN (SELECT value FROM json_each($1))`.
pub(super) fn id_list<'a>(ids: impl IntoIterator<Item = &'a JobId>) -> seawall_database::Value {
    seawall_database::Value::list(ids.into_iter().map(JobId::as_str))
}
