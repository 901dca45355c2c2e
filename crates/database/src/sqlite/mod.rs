//! The SQLite engine: one writer task that groups commits, and readers beside it.
//!
//! The file is in WAL mode with `synchronous=FULL`: what was answered survives a power loss, and
//! readers never wait for the writer. Next: `writer` (group commit), `readers`, `deadline`.

mod deadline;
mod error;
mod readers;
mod writer;

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::Span;

pub(crate) use deadline::Deadline;
pub(crate) use error::database_error;
use readers::Readers;
pub(crate) use readers::ReadersPlace;
use writer::{Operation, Queued, Writer};

use crate::operation::OperationFn;
use crate::{DatabaseError, DatabaseSettings, TransactionError, Tx};

/// What the writer may cache, in KiB: enough for the inner pages of a few indices.
const WRITER_CACHE_KIB: u32 = 4096;
/// What each reader may cache, in KiB. The kernel's page cache is behind it.
const READER_CACHE_KIB: u32 = 1024;
/// The log is cut back to this size after a burst.
const LOG_LIMIT_BYTES: u32 = 64 << 20;

/// One connection, and the deadline of the statement that runs on it.
pub(crate) struct SqliteLink {
    pub(crate) connection: SqliteConnection,
    pub(crate) deadline: Arc<Deadline>,
}

pub(crate) struct SqliteDatabase {
    options: SqliteConnectOptions,
    queue: mpsc::Sender<Box<dyn Queued>>,
    readers: Arc<Readers>,
    acquire_timeout: Duration,
    answer_timeout: Duration,
}

impl SqliteDatabase {
    pub(crate) async fn open(
        path: &Path,
        settings: &DatabaseSettings,
    ) -> Result<Self, DatabaseError> {
        create_private(path).map_err(|error| {
            DatabaseError::Unavailable(format!("cannot create {}: {error}", path.display()))
        })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(settings.lock_timeout)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(128)
            .pragma("temp_store", "MEMORY")
            .thread_name(|number| format!("sqlite-{number}"))
            .disable_statement_logging();
        let writer_options = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("journal_size_limit", LOG_LIMIT_BYTES.to_string())
            .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"));
        let reader_options = options
            .clone()
            .read_only(true)
            .pragma("cache_size", format!("-{READER_CACHE_KIB}"));

        let (queue, receiver) = mpsc::channel(settings.max_queued_writes.max(1));
        let writer = Writer::open(writer_options, settings.statement_timeout).await?;
        tokio::spawn(writer.run(receiver));
        Ok(Self {
            options: reader_options.clone(),
            queue,
            readers: Arc::new(Readers::new(reader_options, settings)),
            acquire_timeout: settings.acquire_timeout,
            // Long enough for whatever stands before in the queue; it only ends waits for a disk
            // that no longer answers.
            answer_timeout: settings.acquire_timeout + 4 * settings.statement_timeout,
        })
    }

    pub(crate) async fn write<T, E, F>(&self, operation: F, limit: Option<Duration>) -> Result<T, E>
    where
        F: OperationFn<T, E>,
        T: Send + 'static,
        E: TransactionError,
    {
        let (reply, answer) = oneshot::channel();
        let queued = Box::new(Operation::new(operation, limit, reply, Span::current()));
        match timeout(self.acquire_timeout, self.queue.send(queued)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(stopped().into()),
            Err(_) => return Err(DatabaseError::Busy("too many writes wait".to_owned()).into()),
        }
        let wait = limit.unwrap_or_default() + self.answer_timeout;
        match timeout(wait, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(stopped().into()),
            Err(_) => Err(DatabaseError::Unavailable(
                "the writer does not answer; whether the operation took place is unknown"
                    .to_owned(),
            )
            .into()),
        }
    }

    pub(crate) async fn read(&self) -> Result<(Tx, ReadersPlace), DatabaseError> {
        self.readers.acquire().await
    }

    /// `VACUUM INTO`: a consistent copy as of its start, beside readers and writer.
    pub(crate) async fn backup_to(&self, path: &Path) -> Result<(), DatabaseError> {
        let unwritable = |error: std::io::Error| {
            DatabaseError::Unavailable(format!("cannot write {}: {error}", path.display()))
        };
        // Created first, so that it is nobody else's to read even while it is written.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(unwritable)?;
        let target = path.to_str().ok_or_else(|| {
            DatabaseError::Other(format!("{} is not valid UTF-8", path.display()))
        })?;
        let mut connection = self
            .options
            .connect()
            .await
            .map_err(|error| database_error(&error))?;
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(target)
            .execute(&mut connection)
            .await;
        let _ = connection.close().await;
        if let Err(error) = copied {
            let _ = std::fs::remove_file(path);
            return Err(database_error(&error));
        }
        let path: PathBuf = path.to_owned();
        tokio::task::spawn_blocking(move || {
            file.sync_all()?;
            match path.parent() {
                Some(folder) if folder.as_os_str().is_empty() => {
                    std::fs::File::open(".")?.sync_all()
                }
                Some(folder) => std::fs::File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        })
        .await
        .map_err(|error| DatabaseError::Other(error.to_string()))?
        .map_err(unwritable)
    }

    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self
            .queue
            .send(Box::new(writer::Close::new(reply)))
            .await
            .is_ok()
        {
            let _ = timeout(self.answer_timeout, closed).await;
        }
        self.readers.close().await;
    }
}

fn stopped() -> DatabaseError {
    DatabaseError::Unavailable("the writer has stopped".to_owned())
}

/// Creates the file, readable by its owner alone, unless it exists. SQLite gives its log the same
/// permissions.
fn create_private(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        result => result.map(drop),
    }
}
