//! Read-only connections, opened when they are first needed and then kept.
//!
//! Not `sqlx`'s pool: that one crosses to the connection's thread on each acquire and spawns a
//! task on each release, which costs more than reading a row.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Deadline, SqliteLink, database_error};
use crate::{DatabaseError, DatabaseSettings, Tx};

pub(super) struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteLink>>,
    places: Arc<Semaphore>,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

/// The right to one reader. Given back with [`ReadersPlace::put_back`], else the connection is
/// closed and another opened in its place later.
pub(crate) struct ReadersPlace {
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn new(options: SqliteConnectOptions, settings: &DatabaseSettings) -> Self {
        let places = usize::try_from(settings.max_connections)
            .unwrap_or(1)
            .max(1);
        Self {
            options,
            idle: Mutex::new(Vec::with_capacity(places)),
            places: Arc::new(Semaphore::new(places)),
            acquire_timeout: settings.acquire_timeout,
            statement_timeout: settings.statement_timeout,
        }
    }

    pub(super) async fn acquire(self: &Arc<Self>) -> Result<(Tx, ReadersPlace), DatabaseError> {
        let permit = timeout(
            self.acquire_timeout,
            Arc::clone(&self.places).acquire_owned(),
        )
        .await
        .map_err(|_| DatabaseError::Busy("every reader is in use".to_owned()))?
        .map_err(|_| DatabaseError::Unavailable("the database is closed".to_owned()))?;
        let place = ReadersPlace {
            readers: Arc::clone(self),
            _permit: permit,
        };
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let link = match idle {
            Some(link) => link,
            None => self.open().await?,
        };
        Ok((Tx::sqlite(link, self.statement_timeout, false), place))
    }

    async fn open(&self) -> Result<SqliteLink, DatabaseError> {
        let mut connection = self
            .options
            .connect()
            .await
            .map_err(|error| database_error(&error))?;
        let deadline = Deadline::install(&mut connection).await?;
        Ok(SqliteLink {
            connection,
            deadline,
        })
    }

    pub(super) async fn close(&self) {
        self.places.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for link in idle {
            let _ = link.connection.close().await;
        }
    }
}

impl ReadersPlace {
    /// Keeps the connection for the next reader. Nothing is open on it: a reader has no
    /// transaction, and a statement that was cut short is reset by SQLite's thread.
    pub(crate) fn put_back(self, link: SqliteLink) {
        if !self.readers.places.is_closed() {
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(link);
        }
    }
}
