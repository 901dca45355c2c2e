//! The SQL of schedules.

use seawall_database::query::ListQuery;
use seawall_database::{DatabaseError, SqlBuilder, Timestamp, Tx, params};
use seawall_ids::ScheduleId;

use super::{NewSchedule, Schedule};

const PUT: &str = "INSERT INTO schedules \
    (vendor_type, vendor_id, cron_type, cron, parameters, missed_fires, overlap, chosen, next_fire, \
    creation_time, update_time, revision) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1) \
    ON CONFLICT (vendor_type, vendor_id) DO UPDATE SET \
    cron_type = excluded.cron_type, cron = excluded.cron, parameters = excluded.parameters, \
    missed_fires = excluded.missed_fires, overlap = excluded.overlap, chosen = excluded.chosen, \
    next_fire = CASE WHEN schedules.cron = excluded.cron AND schedules.next_fire > 0 \
    THEN schedules.next_fire ELSE excluded.next_fire END, update_time = excluded.update_time, \
    revision = schedules.revision + 1 \
    RETURNING id";
const DELETE: &str = "DELETE FROM schedules WHERE vendor_type = $1 AND vendor_id = $2";
const FIND: &str = "SELECT id, vendor_type, vendor_id, cron_type, cron, parameters, missed_fires, \
    overlap, chosen, next_fire, creation_time, update_time FROM schedules \
    WHERE vendor_type = $1 AND vendor_id = $2";
const DUE: &str = "SELECT id, vendor_type, vendor_id, cron_type, cron, parameters, missed_fires, \
    overlap, chosen, next_fire, creation_time, update_time FROM schedules \
    WHERE next_fire > 0 AND next_fire <= $1 ORDER BY next_fire LIMIT $2";
const NEXT: &str = "SELECT next_fire FROM schedules WHERE next_fire > 0 ORDER BY next_fire LIMIT 1";
/// Only one of those who fire the same slot changes the row.
const FIRED: &str = "UPDATE schedules SET next_fire = $3 WHERE id = $1 AND next_fire = $2";
const MADE_ONCE: &str = "INSERT INTO default_schedules (vendor_type, creation_time) VALUES ($1, $2) \
    ON CONFLICT (vendor_type) DO NOTHING";
const FORGET_MADE: &str = "DELETE FROM default_schedules WHERE vendor_type = $1";
const DELETE_NOT_CHOSEN: &str =
    "DELETE FROM schedules WHERE vendor_type = $1 AND vendor_id = $2 AND NOT chosen";
const SELECT: &str = "SELECT id, vendor_type, vendor_id, cron_type, cron, parameters, missed_fires, \
    overlap, chosen, next_fire, creation_time, update_time FROM schedules WHERE 1 = 1";
const COUNT: &str = "SELECT COUNT(*) FROM schedules";

pub(crate) const STATEMENTS: &[&str] = &[
    PUT,
    DELETE,
    FIND,
    DUE,
    NEXT,
    FIRED,
    MADE_ONCE,
    FORGET_MADE,
    DELETE_NOT_CHOSEN,
    SELECT,
    COUNT,
];

pub(crate) async fn put(
    tx: &mut Tx,
    new: &NewSchedule,
    chosen: bool,
    next_fire: Timestamp,
    now: Timestamp,
) -> Result<ScheduleId, DatabaseError> {
    tx.fetch_one(
        PUT,
        params![
            &new.vendor_type,
            new.vendor_id,
            new.cron_type.as_str(),
            new.cron.as_str(),
            serde_json::Value::Object(new.parameters.clone()).to_string(),
            new.missed_fires.as_str(),
            new.overlap.as_str(),
            chosen,
            next_fire,
            now,
        ],
    )
    .await
}

pub(crate) async fn delete(
    tx: &mut Tx,
    vendor_type: &str,
    vendor_id: i64,
) -> Result<bool, DatabaseError> {
    let deleted = tx.execute(DELETE, params![vendor_type, vendor_id]).await?;
    Ok(deleted > 0)
}

pub(crate) async fn find(
    tx: &mut Tx,
    vendor_type: &str,
    vendor_id: i64,
) -> Result<Option<Schedule>, DatabaseError> {
    tx.fetch_optional(FIND, params![vendor_type, vendor_id])
        .await
}

pub(crate) async fn due(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Schedule>, DatabaseError> {
    tx.fetch_all(DUE, params![now, limit]).await
}

/// The next slot of any schedule.
pub(crate) async fn next(tx: &mut Tx) -> Result<Option<Timestamp>, DatabaseError> {
    tx.fetch_optional(NEXT, params![]).await
}

/// Whether this transaction is the one that fires the slot.
pub(crate) async fn fired(
    tx: &mut Tx,
    schedule: &Schedule,
    next: Timestamp,
) -> Result<bool, DatabaseError> {
    let changed = tx
        .execute(FIRED, params![schedule.id, schedule.next_fire, next])
        .await?;
    Ok(changed > 0)
}

/// Whether it was not made before.
pub(crate) async fn made_once(
    tx: &mut Tx,
    vendor_type: &str,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    Ok(tx.execute(MADE_ONCE, params![vendor_type, now]).await? > 0)
}

pub(crate) async fn forget_made(tx: &mut Tx, vendor_type: &str) -> Result<(), DatabaseError> {
    tx.execute(FORGET_MADE, params![vendor_type])
        .await
        .map(drop)
}

pub(crate) async fn delete_not_chosen(
    tx: &mut Tx,
    vendor_type: &str,
    vendor_id: i64,
) -> Result<(), DatabaseError> {
    tx.execute(DELETE_NOT_CHOSEN, params![vendor_type, vendor_id])
        .await
        .map(drop)
}

pub(crate) async fn list(
    tx: &mut Tx,
    query: &ListQuery,
) -> Result<(Vec<Schedule>, i64), DatabaseError> {
    let total = tx.fetch_one(COUNT, params![]).await?;
    let mut sql = SqlBuilder::new(SELECT);
    sql.order(query, &[], "id ASC").limit(query);
    let (sql, params) = sql.build();
    Ok((tx.fetch_all(sql, params).await?, total))
}
