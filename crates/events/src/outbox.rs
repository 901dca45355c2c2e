//! The outbox: events in the order of their commit, read at least once by those who follow.

use seawall_database::{Database, DatabaseError, Timestamp, Tx};

use crate::{Event, store};

/// The most events that [`trim`] deletes in one transaction.
const TRIM_BATCH: u32 = 1_000;

/// A place in the outbox. A reader keeps the one of the last event it dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction, on PostgreSQL.
    pub transaction_id: i64,
    /// The row.
    pub id: i64,
}

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its place. The `id` in it makes a second delivery known as such.
    pub position: Position,
    /// When it happened.
    pub creation_time: Timestamp,
    /// What happened.
    pub event: Event,
}

/// The next events behind `after` (from the first on: `Position::default()`), at most `limit`.
///
/// Nothing is ever added before an event that was given: on PostgreSQL an event waits until every
/// transaction that began before its own has ended.
pub async fn after(
    tx: &mut Tx,
    after: Position,
    limit: u32,
) -> Result<Vec<OutboxEntry>, DatabaseError> {
    let rows = store::events(tx, (after.transaction_id, after.id), limit).await?;
    rows.into_iter()
        .map(|(transaction_id, id, creation_time, event)| {
            let event = serde_json::from_str(&event).map_err(|error| {
                DatabaseError::Other(format!("event {id} of the outbox: {error}"))
            })?;
            Ok(OutboxEntry {
                position: Position { transaction_id, id },
                creation_time,
                event,
            })
        })
        .collect()
}

/// Deletes the events from before a time, read or not, and gives their number.
pub async fn trim(database: &Database, before: Timestamp) -> Result<u64, DatabaseError> {
    let mut trimmed = 0;
    loop {
        let deleted: u64 = database
            .write(move |tx| Box::pin(store::delete_events(tx, before, TRIM_BATCH)))
            .await?;
        trimmed += deleted;
        if deleted < u64::from(TRIM_BATCH) {
            return Ok(trimmed);
        }
    }
}
