//! The SQL of collection, the trash and scrubs.

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};
use seawall_oci::Digest;
use seawall_storage::Location;

use crate::store::{Parsed, location};

// The window is open below, for those that a collection beside this one has taken meanwhile.
const DUE: &str = "SELECT digest, review_time FROM blobs \
    WHERE review_time <= $1 AND (review_time, digest) > ($2, $3) ORDER BY review_time, digest LIMIT $4";
const COUNT_DUE: &str = "SELECT COUNT(*) FROM blobs WHERE review_time <= $1";
const LEASES: &str =
    "SELECT digest, size, lease_until FROM blobs WHERE digest IN (SELECT value FROM json_each($1))";
// Who holds a row is about to prolong its lease, or collects it too.
const LEASES_HELD: &str = "SELECT digest, size, lease_until FROM blobs \
    WHERE digest IN (SELECT value FROM json_each($1)) FOR UPDATE SKIP LOCKED";
const LEASES_WAITED_FOR: &str = "SELECT digest, size, lease_until FROM blobs \
    WHERE digest IN (SELECT value FROM json_each($1)) ORDER BY digest FOR UPDATE";
const KEEP: &str =
    "UPDATE blobs SET review_time = NULL WHERE digest IN (SELECT value FROM json_each($1))";
// Without a look at the present value: a collection that is about to say that the blob is
// referenced waits for this, or this for it.
const REVIEW: &str =
    "UPDATE blobs SET review_time = lease_until WHERE digest IN (SELECT value FROM json_each($1))";
const TRASH: &str = "INSERT INTO trashed_blobs (location, digest, size, trash_time) \
    SELECT location, digest, size, CAST($2 AS BIGINT) FROM blobs \
    WHERE digest IN (SELECT value FROM json_each($1))";
const REMOVE: &str = "DELETE FROM blobs WHERE digest IN (SELECT value FROM json_each($1))";

const TRASH_DUE: &str = "SELECT location, size, trash_time FROM trashed_blobs \
    WHERE trash_time <= $1 AND (trash_time, location) > ($2, $3) ORDER BY trash_time, location LIMIT $4";
const COUNT_TRASH: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM trashed_blobs \
    WHERE trash_time <= $1";
const LIVING_AT: &str =
    "SELECT location FROM blobs WHERE location IN (SELECT value FROM json_each($1))";
const FORGET: &str =
    "DELETE FROM trashed_blobs WHERE location IN (SELECT value FROM json_each($1))";

const ROWS: &str = "SELECT digest, size, location, review_time FROM blobs WHERE location > $1 \
    ORDER BY location LIMIT $2";
const TRASH_STRAY: &str = "INSERT INTO trashed_blobs (location, digest, size, trash_time) \
    VALUES ($1, '', $2, $3) ON CONFLICT (location) DO NOTHING";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    DUE,
    COUNT_DUE,
    LEASES,
    KEEP,
    REVIEW,
    TRASH,
    REMOVE,
    TRASH_DUE,
    COUNT_TRASH,
    LIVING_AT,
    FORGET,
    ROWS,
    TRASH_STRAY,
];

/// A blob that is due for a review.
pub(crate) struct Due {
    pub(crate) digest: Digest,
    pub(crate) review_time: Timestamp,
}

impl FromRow for Due {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            digest: row.next::<Parsed<Digest>>()?.0,
            review_time: row.next()?,
        })
    }
}

/// A blob and its lease, as this transaction found it.
pub(crate) struct Lease {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) until: Timestamp,
}

impl FromRow for Lease {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            digest: row.next::<Parsed<Digest>>()?.0,
            size: row.next::<i64>()?.unsigned_abs(),
            until: row.next()?,
        })
    }
}

/// Bytes in the trash.
pub(crate) struct Trashed {
    pub(crate) location: Location,
    pub(crate) size: u64,
    pub(crate) trash_time: Timestamp,
}

impl FromRow for Trashed {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            location: location(row)?,
            size: row.next::<i64>()?.unsigned_abs(),
            trash_time: row.next()?,
        })
    }
}

/// A blob, as a scrub wants to know it.
pub(crate) struct Row {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) location: Location,
    /// Whether collection has seen a reference to it and looks no more.
    pub(crate) is_settled: bool,
}

impl FromRow for Row {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            digest: row.next::<Parsed<Digest>>()?.0,
            size: row.next::<i64>()?.unsigned_abs(),
            location: location(row)?,
            is_settled: row.next::<Option<Timestamp>>()?.is_none(),
        })
    }
}

/// A column with a location.
struct Place(Location);

impl FromRow for Place {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(location(row)?))
    }
}

/// Those to be reviewed until `cutoff`, after a place in their order.
pub(crate) async fn due(
    tx: &mut Tx,
    cutoff: Timestamp,
    after: &(Timestamp, String),
    limit: usize,
) -> Result<Vec<Due>, DatabaseError> {
    let params = params![cutoff, after.0, after.1.as_str(), limit];
    tx.fetch_all(DUE, params).await
}

pub(crate) async fn count_due(tx: &mut Tx, cutoff: Timestamp) -> Result<u64, DatabaseError> {
    let count: i64 = tx.fetch_one(COUNT_DUE, params![cutoff]).await?;
    Ok(count.unsigned_abs())
}

/// The leases of blobs as they are.
pub(crate) async fn leases(tx: &mut Tx, digests: &[Digest]) -> Result<Vec<Lease>, DatabaseError> {
    tx.fetch_all(LEASES, vec![Value::list(digests)]).await
}

/// The leases of those blobs that nobody else is writing, held until the transaction ends.
pub(crate) async fn leases_held(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<Vec<Lease>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => LEASES,
        Engine::Postgres => LEASES_HELD,
    };
    tx.fetch_all(select, vec![Value::list(digests)]).await
}

/// The leases of all of these blobs, held until the transaction ends.
pub(crate) async fn leases_waited_for(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<Vec<Lease>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => LEASES,
        Engine::Postgres => LEASES_WAITED_FOR,
    };
    tx.fetch_all(select, vec![Value::list(digests)]).await
}

/// Takes blobs out of the queue.
pub(crate) async fn keep(tx: &mut Tx, digests: &[Digest]) -> Result<(), DatabaseError> {
    tx.execute(KEEP, vec![Value::list(digests)]).await.map(drop)
}

/// Puts blobs into the queue, or further back in it: to where their leases end.
pub(crate) async fn review(tx: &mut Tx, digests: &[Digest]) -> Result<u64, DatabaseError> {
    tx.execute(REVIEW, vec![Value::list(digests)]).await
}

/// Ends blobs, whose rows the caller holds; their bytes are trash from now on.
pub(crate) async fn trash(
    tx: &mut Tx,
    digests: &[Digest],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(TRASH, vec![Value::list(digests), now.into()])
        .await?;
    tx.execute(REMOVE, vec![Value::list(digests)])
        .await
        .map(drop)
}

/// What lies in the trash since before `cutoff`, after a place in its order.
pub(crate) async fn trash_due(
    tx: &mut Tx,
    cutoff: Timestamp,
    after: &(Timestamp, String),
    limit: usize,
) -> Result<Vec<Trashed>, DatabaseError> {
    let params = params![cutoff, after.0, after.1.as_str(), limit];
    tx.fetch_all(TRASH_DUE, params).await
}

/// How many lie in the trash since before `cutoff`, and their bytes.
pub(crate) async fn count_trash(
    tx: &mut Tx,
    cutoff: Timestamp,
) -> Result<(u64, u64), DatabaseError> {
    let (count, bytes): (i64, i64) = tx.fetch_one(COUNT_TRASH, params![cutoff]).await?;
    Ok((count.unsigned_abs(), bytes.unsigned_abs()))
}

/// Those of the locations at which a blob lies.
pub(crate) async fn living_at(
    tx: &mut Tx,
    locations: &[Location],
) -> Result<Vec<Location>, DatabaseError> {
    let list = Value::list(locations.iter().map(Location::as_str));
    let found: Vec<Place> = tx.fetch_all(LIVING_AT, vec![list]).await?;
    Ok(found.into_iter().map(|place| place.0).collect())
}

/// Forgets bytes that are gone. Gives how many were not forgotten before.
pub(crate) async fn forget(tx: &mut Tx, locations: &[Location]) -> Result<u64, DatabaseError> {
    let list = Value::list(locations.iter().map(Location::as_str));
    tx.execute(FORGET, vec![list]).await
}

/// Blobs after a location, in the order of their locations.
pub(crate) async fn rows(
    tx: &mut Tx,
    after: Option<&Location>,
    limit: usize,
) -> Result<Vec<Row>, DatabaseError> {
    let after = after.map_or("", Location::as_str);
    tx.fetch_all(ROWS, params![after, limit]).await
}

/// Makes bytes trash that belong to no blob. False when they are already.
pub(crate) async fn trash_stray(
    tx: &mut Tx,
    location: &Location,
    size: u64,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    tx.execute(TRASH_STRAY, params![location.as_str(), size, now])
        .await
        .map(|rows| rows > 0)
}
