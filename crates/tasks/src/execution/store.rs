//! The SQL of executions.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{DatabaseError, FromRow, RowReader, SqlBuilder, Timestamp, Tx, params};
use seawall_ids::ExecutionId;

use super::{Execution, ExecutionFilter, NewExecution};
use crate::Attributes;
use crate::progression::Counts;

const INSERT: &str = "INSERT INTO executions \
    (vendor_type, vendor_id, trigger_kind, status, is_final, status_message, extra_attributes, \
    stop_requested, pending, scheduled, running, stopped, failed, succeeded, \
    start_time, update_time, end_time, revision) \
    VALUES ($1, $2, $3, 'Running', FALSE, '', $4, FALSE, $5, 0, 0, 0, 0, 0, $6, $6, 0, 1) \
    RETURNING id";
/// Keeps everyone else from changing the execution and its tasks until the transaction ends.
const LOCK: &str = "UPDATE executions SET revision = revision + 1 WHERE id = $1 \
    RETURNING stop_requested, extra_attributes, status_message, end_time, \
    pending, scheduled, running, stopped, failed, succeeded";
const UPDATE: &str = "UPDATE executions SET status = $2, is_final = $3, status_message = $4, \
    extra_attributes = $5, pending = $6, scheduled = $7, running = $8, stopped = $9, failed = $10, \
    succeeded = $11, update_time = $12, end_time = $13 WHERE id = $1";
const REQUEST_STOP: &str = "UPDATE executions SET stop_requested = TRUE, update_time = $2, \
    revision = revision + 1 WHERE id = $1 AND NOT is_final";
const EXISTS: &str = "SELECT id FROM executions WHERE id = $1";
const OPEN_OF_VENDOR: &str = "SELECT id FROM executions \
    WHERE vendor_type = $1 AND vendor_id = $2 AND NOT is_final ORDER BY id LIMIT 100";
const OF_JOB: &str = "SELECT execution_id FROM tasks WHERE job_id = $1";
/// The oldest final ones beyond the number that is kept for each vendor.
const SWEEP: &str = "DELETE FROM executions WHERE is_final AND id IN (\
    SELECT id FROM (SELECT id, end_time, ROW_NUMBER() OVER \
    (PARTITION BY vendor_id ORDER BY id DESC) AS place FROM executions WHERE vendor_type = $1) AS placed \
    WHERE place > $2 AND end_time < $3 ORDER BY id LIMIT $4)";
const VENDOR_TYPES: &str = "SELECT DISTINCT vendor_type FROM executions ORDER BY vendor_type";
const SELECT: &str = "SELECT id, vendor_type, vendor_id, trigger_kind, status, status_message, \
    extra_attributes, stop_requested, pending, scheduled, running, stopped, failed, succeeded, \
    start_time, update_time, end_time FROM executions WHERE 1 = 1";
const COUNT: &str = "SELECT COUNT(*) FROM executions WHERE 1 = 1";

pub(crate) const STATEMENTS: &[&str] = &[
    INSERT,
    LOCK,
    UPDATE,
    REQUEST_STOP,
    EXISTS,
    OPEN_OF_VENDOR,
    OF_JOB,
    SWEEP,
    VENDOR_TYPES,
    SELECT,
    COUNT,
];

const fn field(key: &'static str, column: &'static str, kind: FieldKind) -> Field {
    Field { key, column, kind }
}

/// What Harbor's clients may ask and sort by.
const FIELDS: &[Field] = &[
    field("id", "id", FieldKind::Integer),
    field("vendor_type", "vendor_type", FieldKind::Text),
    field("vendor_id", "vendor_id", FieldKind::Integer),
    field("trigger", "trigger_kind", FieldKind::Text),
    field("status", "status", FieldKind::Text),
    field("start_time", "start_time", FieldKind::Time),
    field("creation_time", "start_time", FieldKind::Time),
    field("update_time", "update_time", FieldKind::Time),
    field("end_time", "end_time", FieldKind::Time),
];

/// What a transaction that changes tasks needs of their execution.
pub(crate) struct Locked {
    pub stop_requested: bool,
    pub extra_attributes: String,
    pub status_message: String,
    pub end_time: Timestamp,
    pub counts: Counts,
}

impl FromRow for Locked {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            stop_requested: row.next()?,
            extra_attributes: row.next()?,
            status_message: row.next()?,
            end_time: row.next()?,
            counts: row.next()?,
        })
    }
}

impl Locked {
    /// Its attributes; none when foreign bytes lie in their place.
    pub(crate) fn attributes(&self) -> Attributes {
        serde_json::from_str(&self.extra_attributes).unwrap_or_default()
    }
}

pub(crate) async fn insert(
    tx: &mut Tx,
    new: &NewExecution,
    now: Timestamp,
) -> Result<ExecutionId, DatabaseError> {
    let attributes = serde_json::Value::Object(new.extra_attributes.clone()).to_string();
    tx.fetch_one(
        INSERT,
        params![
            &new.vendor_type,
            new.vendor_id,
            new.trigger.as_str(),
            attributes,
            new.tasks.len(),
            now,
        ],
    )
    .await
}

pub(crate) async fn lock(tx: &mut Tx, id: ExecutionId) -> Result<Option<Locked>, DatabaseError> {
    tx.fetch_optional(LOCK, params![id]).await
}

pub(crate) async fn update(
    tx: &mut Tx,
    id: ExecutionId,
    locked: &Locked,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let (counts, status) = (locked.counts, locked.counts.status());
    let end_time = match (status.is_final(), locked.end_time) {
        (false, _) => Timestamp::NEVER,
        (true, Timestamp::NEVER) => now,
        (true, ended) => ended,
    };
    tx.execute(
        UPDATE,
        params![
            id,
            status.as_str(),
            status.is_final(),
            &locked.status_message,
            &locked.extra_attributes,
            counts.pending,
            counts.scheduled,
            counts.running,
            counts.stopped,
            counts.failed,
            counts.succeeded,
            now,
            end_time,
        ],
    )
    .await
    .map(drop)
}

/// Whether it was there and not final.
pub(crate) async fn request_stop(
    tx: &mut Tx,
    id: ExecutionId,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    Ok(tx.execute(REQUEST_STOP, params![id, now]).await? > 0)
}

pub(crate) async fn exists(tx: &mut Tx, id: ExecutionId) -> Result<bool, DatabaseError> {
    let found: Option<ExecutionId> = tx.fetch_optional(EXISTS, params![id]).await?;
    Ok(found.is_some())
}

pub(crate) async fn open_of_vendor(
    tx: &mut Tx,
    vendor_type: &str,
    vendor_id: i64,
) -> Result<Vec<ExecutionId>, DatabaseError> {
    tx.fetch_all(OPEN_OF_VENDOR, params![vendor_type, vendor_id])
        .await
}

pub(crate) async fn of_job(
    tx: &mut Tx,
    job_id: &str,
) -> Result<Option<ExecutionId>, DatabaseError> {
    tx.fetch_optional(OF_JOB, params![job_id]).await
}

pub(crate) async fn sweep(
    tx: &mut Tx,
    vendor_type: &str,
    keep: u32,
    ended_before: Timestamp,
    limit: u32,
) -> Result<u64, DatabaseError> {
    tx.execute(SWEEP, params![vendor_type, keep, ended_before, limit])
        .await
}

pub(crate) async fn vendor_types(tx: &mut Tx) -> Result<Vec<String>, DatabaseError> {
    tx.fetch_all(VENDOR_TYPES, params![]).await
}

pub(crate) async fn find(tx: &mut Tx, id: ExecutionId) -> Result<Option<Execution>, DatabaseError> {
    let mut sql = SqlBuilder::new(SELECT);
    sql.push(" AND id = ").bind(id);
    let (sql, params) = sql.build();
    tx.fetch_optional(sql, params).await
}

/// A page, the newest first unless `query` sorts otherwise, and the number on all pages.
pub(crate) async fn list(
    tx: &mut Tx,
    filter: &ExecutionFilter,
    query: &ListQuery,
) -> Result<(Vec<Execution>, i64), DatabaseError> {
    let (sql, params) = select(COUNT, filter, query).build();
    let total = tx.fetch_one(sql, params).await?;
    let mut sql = select(SELECT, filter, query);
    sql.order(query, FIELDS, "start_time DESC, id DESC")
        .limit(query);
    let (sql, params) = sql.build();
    Ok((tx.fetch_all(sql, params).await?, total))
}

fn select(head: &'static str, filter: &ExecutionFilter, query: &ListQuery) -> SqlBuilder {
    let mut sql = SqlBuilder::new(head);
    if let Some(vendor_type) = &filter.vendor_type {
        sql.push(" AND vendor_type = ").bind(vendor_type);
    }
    if let Some(vendor_id) = filter.vendor_id {
        sql.push(" AND vendor_id = ").bind(vendor_id);
    }
    sql.filters(query, FIELDS);
    sql
}
