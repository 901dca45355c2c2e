//! The store on SQLite and PostgreSQL. Its statements are in `store`, one text for both.

use seawall_database::{Database, Engine, Migration};

use crate::{Clock, StoreError};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[];

/// Every fixed statement of this crate for an engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    let _ = engine;
    Vec::new()
}

/// The store on SQLite or PostgreSQL. On SQLite give it a file of its own: a busy queue would keep
/// the registry's own writes waiting.
#[derive(Clone, Debug)]
pub struct SqlStore;

impl SqlStore {
    /// The store in a database whose schema has [`MIGRATIONS`]. It listens to what other processes
    /// do for as long as it lives.
    pub async fn open(database: Database, clock: Clock) -> Result<Self, StoreError> {
        let _ = (database, clock);
        todo!()
    }
}
