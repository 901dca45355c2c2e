//! Opening the database, and the two ways in: [`Database::write`] and [`Database::read`].

use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::{BoxFuture, DatabaseError, DatabaseSettings, Engine, Migration, TransactionError, Tx};

/// The database of this process. Clones share it.
#[derive(Clone, Debug)]
pub struct Database {
    engine: Engine,
}

impl Database {
    /// Opens the database and creates an SQLite file that is missing (0600). The schema is
    /// [`Database::migrate`]'s.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let _ = settings;
        todo!()
    }

    /// The engine behind.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether other processes may write too, so that caches need a time limit: on PostgreSQL.
    pub fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Applies the migrations that are not applied yet, all or none, while other processes that
    /// start at the same time wait. An applied migration that is not in the list is
    /// [`DatabaseError::NewerSchema`].
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<(), DatabaseError> {
        let _ = migrations;
        todo!()
    }

    /// Runs `operation` in one transaction and answers after it is durable.
    ///
    /// The operation may run more than once (a conflict on PostgreSQL, a failed commit that it
    /// shared on SQLite), and goes on when the caller stops waiting; it does nothing but run
    /// statements. Inside it no blob I/O, no network, no password hashing. An error rolls back
    /// what it did and nothing else.
    ///
    /// On PostgreSQL each statement sees what was committed before it (read committed): update
    /// conditionally, take rows with `FOR UPDATE`-like updates, or use [`Tx::lock`].
    pub async fn write<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: TransactionError,
    {
        let _ = operation;
        todo!()
    }

    /// A reader. Each statement sees what was committed before it.
    pub async fn read(&self) -> Result<Reader, DatabaseError> {
        todo!()
    }

    /// Writes a copy of the database to a new file while it is in use. SQLite only; PostgreSQL has
    /// `pg_dump`.
    pub async fn backup_to(&self, path: &Path) -> Result<(), DatabaseError> {
        let _ = path;
        todo!()
    }

    /// Waits for the writes that are queued, writes SQLite's log back and closes every connection.
    pub async fn close(&self) {}
}

/// A connection for reading; given back when dropped. It refuses to write.
pub struct Reader {
    tx: Tx,
}

impl Deref for Reader {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}
