//! Read-only connections, opened when they are first needed and then kept.
//!
//! Taking one and giving it back costs no more than a lock: most reads are of one row.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{LinkOptions, SqliteLink};
use crate::{DatabaseError, DatabaseSettings, Tx};

pub(super) struct Readers {
    options: LinkOptions,
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
    pub(super) fn new(options: LinkOptions, settings: &DatabaseSettings) -> Self {
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
            None => SqliteLink::open(&self.options)?,
        };
        Ok((Tx::sqlite_reader(link, self.statement_timeout), place))
    }

    pub(super) fn close(&self) {
        self.places.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl ReadersPlace {
    /// Keeps the connection for the next reader. Nothing is open on it: a reader has no
    /// transaction, and a connection on which a statement was cut short does not come back.
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
