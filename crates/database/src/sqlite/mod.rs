//! The SQLite engine: one thread that writes and groups commits, and readers beside it.
//!
//! The file is in WAL mode with `synchronous=FULL`: what was answered survives a power loss, and
//! readers never wait for the writer. Next: `writer` (group commit), `readers`, `link` (statements).

mod deadline;
mod error;
mod link;
mod offload;
mod readers;
mod writer;

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;
use tracing::Span;

use link::LinkOptions;
pub(crate) use link::SqliteLink;
pub(crate) use offload::Offloaded;
use readers::Readers;
pub(crate) use readers::ReadersPlace;
use writer::{Operation, Queued, Writer};

use crate::notification::BACKLOG;
use crate::operation::OperationFn;
use crate::{DatabaseError, DatabaseSettings, Listener, TransactionError, Tx, Value};

/// What the writer may cache, in KiB: enough for the inner pages of a few indices.
const WRITER_CACHE_KIB: u32 = 4096;
/// What each reader may cache, in KiB. The kernel's page cache is behind it.
const READER_CACHE_KIB: u32 = 1024;

pub(crate) struct SqliteDatabase {
    queue: mpsc::Sender<Box<dyn Queued>>,
    readers: Arc<Readers>,
    reader_options: LinkOptions,
    acquire_timeout: Duration,
    answer_timeout: Duration,
    messages: broadcast::Sender<(&'static str, String)>,
}

impl SqliteDatabase {
    pub(crate) fn open(path: &Path, settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        create_private(path).map_err(|error| {
            DatabaseError::Unavailable(format!("cannot create {}: {error}", path.display()))
        })?;
        let writer_options = LinkOptions {
            path: path.to_owned(),
            writes: true,
            cache_kib: WRITER_CACHE_KIB,
            lock_timeout: settings.lock_timeout,
        };
        let reader_options = LinkOptions {
            writes: false,
            cache_kib: READER_CACHE_KIB,
            ..writer_options.clone()
        };

        let (queue, receiver) = mpsc::channel(settings.max_queued_writes.max(1));
        let writer = Writer::open(writer_options, settings.statement_timeout)?;
        let runtime = Handle::current();
        // A thread of its own: its statements run right where they are called. Handing each to
        // another thread and back costs more than most of them take.
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || runtime.block_on(writer.run(receiver)))
            .map_err(|error| {
                DatabaseError::Unavailable(format!("cannot start the writer: {error}"))
            })?;
        Ok(Self {
            queue,
            readers: Arc::new(Readers::new(reader_options.clone(), settings)),
            reader_options,
            acquire_timeout: settings.acquire_timeout,
            // Long enough for whatever stands before in the queue; it only ends waits for a disk
            // that no longer answers.
            answer_timeout: settings.acquire_timeout + 4 * settings.statement_timeout,
            messages: broadcast::Sender::new(BACKLOG),
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
        let (options, path) = (self.reader_options.clone(), path.to_owned());
        let copied = tokio::task::spawn_blocking(move || copy_to(&options, &path));
        copied
            .await
            .map_err(|error| DatabaseError::Other(error.to_string()))?
    }

    pub(crate) fn notify(&self, channel: &'static str, message: &str) {
        // Without a listener there is nobody to tell, which is no failure.
        let _ = self.messages.send((channel, message.to_owned()));
    }

    pub(crate) fn listen(&self, channel: &'static str) -> Listener {
        Listener::in_process(channel, self.messages.subscribe())
    }

    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        let close = self.queue.send(Box::new(writer::Close::new(reply)));
        if matches!(timeout(self.acquire_timeout, close).await, Ok(Ok(()))) {
            let _ = timeout(self.answer_timeout, closed).await;
        }
        self.readers.close();
    }
}

fn stopped() -> DatabaseError {
    DatabaseError::Unavailable("the writer has stopped".to_owned())
}

/// Creates the file, readable by its owner alone, unless it exists. SQLite gives its log the same
/// permissions.
fn create_private(path: &Path) -> std::io::Result<()> {
    match new_private(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        result => result.map(drop),
    }
}

fn new_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn copy_to(options: &LinkOptions, path: &Path) -> Result<(), DatabaseError> {
    let unwritable = |error: std::io::Error| {
        DatabaseError::Unavailable(format!("cannot write {}: {error}", path.display()))
    };
    let target = path
        .to_str()
        .ok_or_else(|| DatabaseError::Other(format!("{} is not valid UTF-8", path.display())))?;
    // Created first, so that it is nobody else's to read even while it is written.
    let file = new_private(path).map_err(unwritable)?;
    let copied = SqliteLink::open(options)
        .and_then(|link| link.execute("VACUUM INTO $1", &[Value::from(target)], None));
    if let Err(error) = copied {
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    file.sync_all().map_err(unwritable)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(unwritable)
}
