//! Opening the database, and the two ways in: [`Database::write`] and [`Database::read`].

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument as _, Span, debug_span};

use crate::operation::OperationFn;
use crate::postgres::PostgresDatabase;
use crate::sqlite::{ReadersPlace, SqliteDatabase};
use crate::{
    BoxFuture, DatabaseError, DatabaseSettings, DatabaseUrl, Engine, Listener, Migration,
    TransactionError, Tx,
};

/// The database of this process. Clones share it.
#[derive(Clone)]
pub struct Database {
    backend: Arc<Backend>,
}

enum Backend {
    Sqlite(Box<SqliteDatabase>),
    Postgres(PostgresDatabase),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database and creates an SQLite file that is missing (0600). The schema is
    /// [`Database::migrate`]'s.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let backend = match &settings.url {
            DatabaseUrl::Sqlite(path) => {
                Backend::Sqlite(Box::new(SqliteDatabase::open(path, settings)?))
            }
            DatabaseUrl::Postgres(url) => {
                Backend::Postgres(PostgresDatabase::open(url, settings).await?)
            }
        };
        Ok(Self {
            backend: Arc::new(backend),
        })
    }

    /// The engine behind.
    pub fn engine(&self) -> Engine {
        match *self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Whether other processes may write too, so that caches need a time limit: on PostgreSQL.
    pub fn is_shared(&self) -> bool {
        self.engine() == Engine::Postgres
    }

    /// Applies the migrations that are not applied yet, all or none, while other processes that
    /// start at the same time wait. An applied migration that is not in the list is
    /// [`DatabaseError::NewerSchema`].
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<(), DatabaseError> {
        crate::migration::migrate(self, migrations).await
    }

    /// Runs `operation` in one transaction and answers after it is durable.
    ///
    /// The operation may run more than once (a conflict on PostgreSQL, a failed commit that it
    /// shared on SQLite), and may go on when the caller stops waiting; it does nothing but run
    /// statements. Inside it no blob I/O, no network, no password hashing. An error rolls back
    /// what it did and nothing else.
    ///
    /// On PostgreSQL each statement sees what was committed before it (read committed): update
    /// conditionally (`UPDATE … WHERE`, which waits for the row), or use [`Tx::lock`].
    pub async fn write<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: TransactionError,
    {
        self.write_within(None, operation).await
    }

    /// As [`Database::write`], with another limit on the time that the operation takes than twice
    /// the limit on a statement.
    pub(crate) async fn write_within<T, E, F>(
        &self,
        limit: Option<Duration>,
        operation: F,
    ) -> Result<T, E>
    where
        F: OperationFn<T, E>,
        T: Send + 'static,
        E: TransactionError,
    {
        let span = self.span("database write", std::any::type_name::<F>());
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(operation, limit).instrument(span).await,
            Backend::Postgres(postgres) => postgres.write(operation, limit).instrument(span).await,
        }
    }

    /// A reader. Each statement sees what was committed before it; two statements may see
    /// different states.
    pub async fn read(&self) -> Result<Reader, DatabaseError> {
        let span = self.span("database read", "read");
        let (tx, place) = match &*self.backend {
            Backend::Sqlite(sqlite) => {
                let (tx, place) = sqlite.read().await?;
                (tx, Some(place))
            }
            Backend::Postgres(postgres) => (postgres.read().await?, None),
        };
        Ok(Reader {
            tx,
            place,
            _span: span,
        })
    }

    /// Says `message` to everyone who listens to `channel`, in whatever process. Nothing is kept for
    /// those who do not listen now. `channel` is a lower-case word; a message has at most 1000 bytes.
    pub async fn notify(&self, channel: &'static str, message: &str) -> Result<(), DatabaseError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => {
                sqlite.notify(channel, message);
                Ok(())
            }
            Backend::Postgres(_) => {
                let mut reader = self.read().await?;
                let params = vec![channel.into(), message.into()];
                reader.execute("SELECT pg_notify($1, $2)", params).await?;
                Ok(())
            }
        }
    }

    /// Hears what is said to `channel` from now on. On PostgreSQL it keeps one of the connections.
    pub async fn listen(&self, channel: &'static str) -> Result<Listener, DatabaseError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => Ok(sqlite.listen(channel)),
            Backend::Postgres(postgres) => postgres.listen(channel).await,
        }
    }

    /// Writes a copy of the database, as it is now, to a file that must not exist yet (0600),
    /// while it is in use; durable when this returns. SQLite only; PostgreSQL has `pg_dump`.
    pub async fn backup_to(&self, path: &Path) -> Result<(), DatabaseError> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.backup_to(path).await,
            Backend::Postgres(_) => Err(DatabaseError::Other(
                "a PostgreSQL database is backed up with pg_dump".to_owned(),
            )),
        }
    }

    /// Waits for the writes that are queued, writes SQLite's log back and closes every connection.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }

    /// The span of one transaction, named after the function that holds the operation.
    fn span(&self, name: &'static str, operation: &str) -> Span {
        debug_span!(
            "database",
            otel.kind = "client",
            otel.name = name,
            db.system.name = self.engine().name(),
            db.operation.name = operation.trim_end_matches("::{{closure}}"),
        )
    }
}

/// A connection for reading; given back when dropped. On SQLite it cannot write.
pub struct Reader {
    tx: Tx,
    place: Option<ReadersPlace>,
    /// Ends with the reader.
    _span: Span,
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

impl Drop for Reader {
    fn drop(&mut self) {
        if let (Some(place), Some(link)) = (self.place.take(), self.tx.take_sqlite()) {
            place.put_back(link);
        }
    }
}
