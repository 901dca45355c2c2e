//! The rows of signing keys and of the encryption key's check: every SQL text about them.

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, params};

const ALL: &str = "SELECT kid, private_key, public_key, creation_time, retired_time \
     FROM signing_keys ORDER BY creation_time DESC, kid";
const INSERT: &str = "INSERT INTO signing_keys (kid, private_key, public_key, creation_time) \
     VALUES ($1, $2, $3, $4)";
const RETIRE: &str = "UPDATE signing_keys SET retired_time = $1 WHERE retired_time IS NULL";
const DELETE_RETIRED: &str = "DELETE FROM signing_keys WHERE retired_time < $1";
const CHECK: &str = "SELECT sealed FROM encryption_key_check WHERE id = 1";
const INSERT_CHECK: &str = "INSERT INTO encryption_key_check (id, sealed) VALUES (1, $1)";

/// Every fixed statement.
pub(crate) const STATEMENTS: &[&str] = &[ALL, INSERT, RETIRE, DELETE_RETIRED, CHECK, INSERT_CHECK];

/// A signing key as it is stored.
pub(crate) struct SigningKeyRow {
    pub(crate) kid: String,
    /// PKCS#8, sealed under the encryption key.
    pub(crate) private_key: Vec<u8>,
    /// The point, not compressed.
    pub(crate) public_key: Vec<u8>,
    pub(crate) creation_time: Timestamp,
    pub(crate) retired_time: Option<Timestamp>,
}

impl FromRow for SigningKeyRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            kid: row.next()?,
            private_key: row.next()?,
            public_key: row.next()?,
            creation_time: row.next()?,
            retired_time: row.next()?,
        })
    }
}

pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<SigningKeyRow>, DatabaseError> {
    tx.fetch_all(ALL, params![]).await
}

pub(crate) async fn insert(tx: &mut Tx, key: &SigningKeyRow) -> Result<(), DatabaseError> {
    let values = params![
        &key.kid,
        key.private_key.as_slice(),
        key.public_key.as_slice(),
        key.creation_time,
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn retire(tx: &mut Tx, now: Timestamp) -> Result<(), DatabaseError> {
    tx.execute(RETIRE, params![now]).await?;
    Ok(())
}

pub(crate) async fn delete_retired(tx: &mut Tx, before: Timestamp) -> Result<(), DatabaseError> {
    tx.execute(DELETE_RETIRED, params![before]).await?;
    Ok(())
}

pub(crate) async fn check(tx: &mut Tx) -> Result<Option<Vec<u8>>, DatabaseError> {
    tx.fetch_optional(CHECK, params![]).await
}

pub(crate) async fn insert_check(tx: &mut Tx, sealed: &[u8]) -> Result<(), DatabaseError> {
    tx.execute(INSERT_CHECK, params![sealed]).await?;
    Ok(())
}
