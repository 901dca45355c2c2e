//! The SQL of blobs and uploads. Nothing else of this crate writes SQL.

use seawall_database::{
    Column, DatabaseError, FromColumn, FromRow, RowReader, Timestamp, Tx, Value, params,
};
use seawall_oci::Digest;
use seawall_storage::{Location, UploadState};

use crate::{Blob, UploadId};

const FIND_BLOB: &str = "SELECT digest, size, location, lease_until FROM blobs WHERE digest = $1";
const FIND_BLOBS: &str = "SELECT digest, size, location, lease_until FROM blobs \
    WHERE digest IN (SELECT value FROM json_each($1))";
/// The bytes of a blob that is there stay where they are.
const PUT_BLOB: &str = "INSERT INTO blobs \
    (digest, size, location, lease_until, creation_time, review_time) \
    VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT (digest) DO UPDATE SET \
    lease_until = CASE WHEN blobs.lease_until > excluded.lease_until \
        THEN blobs.lease_until ELSE excluded.lease_until END \
    RETURNING digest, size, location, lease_until";
const MOVE_BLOB: &str =
    "UPDATE blobs SET location = $3 WHERE digest = $1 AND location = $2 RETURNING digest";
const PROLONG: &str = "UPDATE blobs SET \
    lease_until = CASE WHEN lease_until > $2 THEN lease_until ELSE $2 END \
    WHERE digest IN (SELECT value FROM json_each($1)) RETURNING digest";

const COUNT_OPEN_UPLOADS: &str = "SELECT COUNT(*) FROM uploads WHERE state = 'open'";
const INSERT_UPLOAD: &str = "INSERT INTO uploads \
    (id, scope, state, stored_bytes, storage_state, digest, fence, writer_until, expiry) \
    VALUES ($1, $2, 'open', $3, $4, NULL, 0, 0, $5)";
const FIND_UPLOAD: &str = "SELECT state, stored_bytes, storage_state, digest, fence, \
    writer_until FROM uploads \
    WHERE id = $1 AND scope = $2";
const TAKE_TURN: &str = "UPDATE uploads SET fence = fence + 1, writer_until = $3 \
    WHERE id = $1 AND scope = $2 AND state = 'open' AND writer_until <= $4 \
    RETURNING storage_state, fence";
const KEEP_TURN: &str = "UPDATE uploads SET writer_until = $3 \
    WHERE id = $1 AND fence = $2 AND state = 'open'";
const SAVE_UPLOAD: &str = "INSERT INTO uploads \
    (id, scope, state, stored_bytes, storage_state, digest, fence, writer_until, expiry) \
    VALUES ($1, $2, 'open', $3, $4, NULL, $5, 0, $6) ON CONFLICT (id) DO UPDATE SET \
    stored_bytes = excluded.stored_bytes, storage_state = excluded.storage_state, \
    writer_until = 0, expiry = excluded.expiry \
    WHERE uploads.fence = excluded.fence AND uploads.state = 'open'";
const FINISH_UPLOAD: &str = "INSERT INTO uploads \
    (id, scope, state, stored_bytes, storage_state, digest, fence, writer_until, expiry) \
    VALUES ($1, $2, 'finished', $3, '', $4, $5, 0, $6) ON CONFLICT (id) DO UPDATE SET \
    state = 'finished', stored_bytes = excluded.stored_bytes, storage_state = '', \
    digest = excluded.digest, writer_until = 0, expiry = excluded.expiry \
    WHERE uploads.fence = excluded.fence AND uploads.state = 'open'";
const LEAVE_TURN: &str = "UPDATE uploads SET writer_until = 0 WHERE id = $1 AND fence = $2";
const DELETE_UPLOAD: &str = "DELETE FROM uploads WHERE id = $1 AND fence = $2 AND state = 'open'";
const EXPIRED_UPLOADS: &str = "SELECT id, scope FROM uploads \
    WHERE state = 'open' AND expiry < $1 AND writer_until < $1 ORDER BY expiry LIMIT 1000";
const FORGET_FINISHED: &str = "DELETE FROM uploads WHERE state = 'finished' AND expiry < $1";
const OPEN_UPLOADS: &str = "SELECT id, scope, storage_state FROM uploads WHERE state = 'open' AND id > $1 ORDER BY id LIMIT 1000";

/// All statements of this crate, for a test that prepares each on both engines.
pub fn statements() -> Vec<&'static str> {
    let own = vec![
        FIND_BLOB,
        FIND_BLOBS,
        PUT_BLOB,
        MOVE_BLOB,
        PROLONG,
        COUNT_OPEN_UPLOADS,
        INSERT_UPLOAD,
        FIND_UPLOAD,
        TAKE_TURN,
        KEEP_TURN,
        SAVE_UPLOAD,
        FINISH_UPLOAD,
        LEAVE_TURN,
        DELETE_UPLOAD,
        EXPIRED_UPLOADS,
        FORGET_FINISHED,
        OPEN_UPLOADS,
    ];
    [own, crate::collection::store::STATEMENTS.to_vec()].concat()
}

/// A text column of one of this workspace's types.
pub(crate) struct Parsed<T>(pub(crate) T);

impl<T: std::str::FromStr> FromColumn for Parsed<T> {
    fn from_column(column: Column<'_>) -> Result<Option<Self>, DatabaseError> {
        let Some(text) = String::from_column(column)? else {
            return Ok(None);
        };
        let invalid =
            |_| DatabaseError::Other(format!("{text:?} is no {}", std::any::type_name::<T>()));
        text.parse().map(|value| Some(Self(value))).map_err(invalid)
    }
}

pub(crate) fn location(row: &mut RowReader<'_>) -> Result<Location, DatabaseError> {
    Location::parse(row.next::<String>()?).map_err(|error| DatabaseError::Other(error.to_string()))
}

impl FromRow for Blob {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            digest: row.next::<Parsed<Digest>>()?.0,
            size: row.next::<i64>()?.unsigned_abs(),
            location: location(row)?,
            lease_until: row.next()?,
        })
    }
}

/// The row of an upload.
pub(crate) struct UploadRow {
    pub(crate) finished: Option<Digest>,
    pub(crate) stored_bytes: u64,
    /// `None` once it is finished.
    pub(crate) state: Option<UploadState>,
    pub(crate) fence: i64,
    /// Until then another replica's writer has its turn.
    pub(crate) writer_until: Timestamp,
}

impl FromRow for UploadRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let finished = row.next::<String>()? == "finished";
        let stored_bytes = row.next::<i64>()?.unsigned_abs();
        let state: String = row.next()?;
        let digest: Option<String> = row.next()?;
        Ok(Self {
            finished: digest
                .filter(|_| finished)
                .and_then(|digest| digest.parse().ok()),
            stored_bytes,
            state: if finished {
                None
            } else {
                Some(read_state(&state)?)
            },
            fence: row.next()?,
            writer_until: row.next()?,
        })
    }
}

fn read_state(json: &str) -> Result<UploadState, DatabaseError> {
    serde_json::from_str(json)
        .map_err(|error| DatabaseError::Other(format!("the state of an upload: {error}")))
}

fn write_state(state: &UploadState) -> Result<String, DatabaseError> {
    serde_json::to_string(state)
        .map_err(|error| DatabaseError::Other(format!("the state of an upload: {error}")))
}

pub(crate) async fn find_blob(tx: &mut Tx, digest: &Digest) -> Result<Option<Blob>, DatabaseError> {
    tx.fetch_optional(FIND_BLOB, params![digest.as_str()]).await
}

pub(crate) async fn find_blobs(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<Vec<Blob>, DatabaseError> {
    tx.fetch_all(FIND_BLOBS, vec![Value::list(digests)]).await
}

pub(crate) async fn put_blob(
    tx: &mut Tx,
    digest: &Digest,
    size: u64,
    location: &Location,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Blob, DatabaseError> {
    let params = params![digest.as_str(), size, location.as_str(), lease_until, now];
    tx.fetch_one(PUT_BLOB, params).await
}

/// Lets a blob's bytes lie elsewhere, unless they do so already.
pub(crate) async fn move_blob(
    tx: &mut Tx,
    digest: &Digest,
    from: &Location,
    to: &Location,
) -> Result<bool, DatabaseError> {
    let params = params![digest.as_str(), from.as_str(), to.as_str()];
    let moved: Option<String> = tx.fetch_optional(MOVE_BLOB, params).await?;
    Ok(moved.is_some())
}

/// Gives those that were prolonged.
pub(crate) async fn prolong(
    tx: &mut Tx,
    digests: &[&Digest],
    lease_until: Timestamp,
) -> Result<Vec<Digest>, DatabaseError> {
    let params = vec![Value::list(digests), lease_until.into()];
    let rows: Vec<Parsed<Digest>> = tx.fetch_all(PROLONG, params).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(crate) async fn count_open_uploads(tx: &mut Tx) -> Result<u64, DatabaseError> {
    let count: i64 = tx.fetch_one(COUNT_OPEN_UPLOADS, params![]).await?;
    Ok(count.unsigned_abs())
}

pub(crate) async fn insert_upload(
    tx: &mut Tx,
    id: UploadId,
    scope: &str,
    state: &UploadState,
    expiry: Timestamp,
) -> Result<(), DatabaseError> {
    let params = params![
        id.to_string(),
        scope,
        state.offset,
        write_state(state)?,
        expiry
    ];
    tx.execute(INSERT_UPLOAD, params).await.map(drop)
}

pub(crate) async fn find_upload(
    tx: &mut Tx,
    id: UploadId,
    scope: &str,
) -> Result<Option<UploadRow>, DatabaseError> {
    tx.fetch_optional(FIND_UPLOAD, params![id.to_string(), scope])
        .await
}

/// Begins a writer's turn, unless another's is not over. Gives where the upload
/// stands, and the number that fences the turn.
pub(crate) async fn take_turn(
    tx: &mut Tx,
    id: UploadId,
    scope: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<(UploadState, i64)>, DatabaseError> {
    let params = params![id.to_string(), scope, until, now];
    let row: Option<(String, i64)> = tx.fetch_optional(TAKE_TURN, params).await?;
    row.map(|(state, fence)| Ok((read_state(&state)?, fence)))
        .transpose()
}

/// Whether the turn is still the caller's, which it then prolongs.
pub(crate) async fn keep_turn(
    tx: &mut Tx,
    id: UploadId,
    fence: i64,
    until: Timestamp,
) -> Result<bool, DatabaseError> {
    Ok(tx
        .execute(KEEP_TURN, params![id.to_string(), fence, until])
        .await?
        > 0)
}

pub(crate) async fn leave_turn(tx: &mut Tx, id: UploadId, fence: i64) -> Result<(), DatabaseError> {
    tx.execute(LEAVE_TURN, params![id.to_string(), fence])
        .await
        .map(drop)
}

/// Writes down where an upload stands and ends the turn. `false` when the turn
/// was over already.
pub(crate) async fn save_upload(
    tx: &mut Tx,
    id: UploadId,
    scope: &str,
    fence: i64,
    state: &UploadState,
    expiry: Timestamp,
) -> Result<bool, DatabaseError> {
    let (offset, state) = (state.offset, write_state(state)?);
    let params = params![id.to_string(), scope, offset, state, fence, expiry];
    Ok(tx.execute(SAVE_UPLOAD, params).await? > 0)
}

/// `false` when the turn was over already.
pub(crate) async fn finish_upload(
    tx: &mut Tx,
    id: UploadId,
    scope: &str,
    fence: i64,
    blob: &Blob,
    expiry: Timestamp,
) -> Result<bool, DatabaseError> {
    let digest = blob.digest.as_str();
    let params = params![id.to_string(), scope, blob.size, digest, fence, expiry];
    Ok(tx.execute(FINISH_UPLOAD, params).await? > 0)
}

pub(crate) async fn delete_upload(
    tx: &mut Tx,
    id: UploadId,
    fence: i64,
) -> Result<bool, DatabaseError> {
    Ok(tx
        .execute(DELETE_UPLOAD, params![id.to_string(), fence])
        .await?
        > 0)
}

pub(crate) async fn expired_uploads(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(UploadId, String)>, DatabaseError> {
    let rows: Vec<(Parsed<UploadId>, String)> = tx.fetch_all(EXPIRED_UPLOADS, params![now]).await?;
    Ok(rows.into_iter().map(|(id, scope)| (id.0, scope)).collect())
}

pub(crate) async fn forget_finished(tx: &mut Tx, now: Timestamp) -> Result<u64, DatabaseError> {
    tx.execute(FORGET_FINISHED, params![now]).await
}

/// A page of the unfinished uploads, ordered by id.
pub(crate) async fn open_uploads(
    tx: &mut Tx,
    after: &str,
) -> Result<Vec<(UploadId, String, UploadState)>, DatabaseError> {
    let rows: Vec<(Parsed<UploadId>, String, String)> =
        tx.fetch_all(OPEN_UPLOADS, params![after]).await?;
    let read = |(id, scope, state): (Parsed<UploadId>, String, String)| {
        Ok((id.0, scope, read_state(&state)?))
    };
    rows.into_iter().map(read).collect()
}
