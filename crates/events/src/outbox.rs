//! The outbox: events in the order of their commit, read at least once by those who follow.

use seawall_database::{DatabaseError, Timestamp, Tx};

use crate::Event;

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its id: what makes a second delivery known as such.
    pub id: i64,
    /// When it happened.
    pub creation_time: Timestamp,
    /// What happened.
    pub event: Event,
}

/// The next events behind the one with the id `after`, at most `limit`.
pub async fn after(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<OutboxEntry>, DatabaseError> {
    let _ = (tx, after, limit);
    todo!()
}
