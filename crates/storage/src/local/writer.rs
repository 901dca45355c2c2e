//! The writing end of an upload to the local disk. The bytes go through
//! `pipeline.rs`; the last step goes through `committer.rs`.

use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use seawall_oci::{Algorithm, Digest, Hasher};
use tracing::Instrument as _;

use super::committer::Source;
use super::disk::open_options;
use super::pipeline::{Pipeline, Sink};
use super::{Layout, Parts};
use crate::{Durability, Location, StorageError, UploadPlace, UploadState, UploadWriter};

/// From this size on an upload syncs its own file, so that small ones do not
/// wait for it in their round.
const LARGE_BYTES: u64 = 1024 * 1024;
/// From this size on space is set aside before the bytes come.
const ALLOCATE_BYTES: u64 = 1024 * 1024;

/// How often and at what distance a locked file is tried: 5 s in all.
const LOCK_TRIES: u32 = 1000;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

pub(super) struct LocalWriter {
    parts: Parts,
    name: String,
    path: PathBuf,
    offset: u64,
    /// Up to where space is set aside.
    allocated: u64,
    /// Up to where the file is known to be on the disk.
    synced: u64,
    pipeline: Arc<Pipeline>,
}

impl LocalWriter {
    /// Opens or makes the upload's file. Blocks.
    pub(super) fn open(
        parts: Parts,
        state: &UploadState,
        length: Option<u64>,
    ) -> Result<Self, StorageError> {
        let hasher = state.hasher()?;
        let (name, fresh) = match &state.place {
            None => (Layout::fresh_name(), true),
            Some(UploadPlace::File(name)) => (name.clone(), false),
            Some(UploadPlace::Multipart(_)) => {
                return Err(StorageError::Misconfigured(
                    "an upload began on an object store and cannot go on locally".to_owned(),
                ));
            }
        };
        parts.space.check(length.unwrap_or(0))?;
        let path = parts.layout.upload(&name)?;
        let file = open_options()
            .read(true)
            .write(true)
            .create_new(fresh)
            .open(&path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound if !fresh => StorageError::UploadLost,
                _ => StorageError::io("opening an upload's file", error),
            })?;
        lock(&file)?;
        let doing = "looking at an upload's file";
        let found = file
            .metadata()
            .map_err(|error| StorageError::io(doing, error))?
            .len();
        if found < state.offset {
            return Err(StorageError::UploadLost);
        }
        if found > state.offset {
            file.set_len(state.offset)
                .map_err(|error| StorageError::io(doing, error))?;
        }
        let announced = length.filter(|length| *length >= ALLOCATE_BYTES);
        if let Some(length) = announced
            && let Err(error) = allocate(&file, state.offset, length)
        {
            if fresh {
                drop(std::fs::remove_file(&path));
            }
            return Err(StorageError::io("setting space aside for an upload", error));
        }
        let sink = Sink {
            file: Arc::new(file),
            hasher,
            offset: state.offset,
        };
        Ok(Self {
            pipeline: Pipeline::new(sink, Arc::clone(&parts.space), parts.uploads.clone()),
            parts,
            name,
            path,
            offset: state.offset,
            allocated: state.offset + announced.unwrap_or(0),
            synced: match state.durability {
                Durability::Machine => state.offset,
                Durability::Process => 0,
            },
        })
    }

    /// Waits for the last byte, and gives back the space that was not needed.
    async fn end(&self) -> Result<Sink, StorageError> {
        let sink = self.pipeline.end().await?;
        if sink.offset < self.allocated {
            let (file, length) = (Arc::clone(&sink.file), sink.offset);
            blocking("giving space back", move || file.set_len(length)).await?;
        }
        Ok(sink)
    }

    async fn publish_file(&self, expected: &Digest) -> Result<Location, StorageError> {
        let location = Layout::fresh_location(expected)?;
        let Sink {
            file,
            hasher,
            offset,
        } = self.end().await?;
        let actual = if hasher.algorithm() == expected.algorithm() {
            hasher.finish()
        } else {
            let (algorithm, file) = (expected.algorithm(), Arc::clone(&file));
            blocking("reading an upload back", move || {
                hash_file(&file, offset, algorithm)
            })
            .await?
        };
        if actual != *expected {
            return Err(StorageError::DigestMismatch {
                actual: actual.to_string(),
            });
        }
        let mut unsynced = (offset > self.synced || offset == 0).then_some(file);
        if offset >= LARGE_BYTES
            && let Some(file) = unsynced.take()
        {
            let disk = Arc::clone(&self.parts.disk);
            blocking("syncing a blob's file", move || disk.sync_file(&file)).await?;
        }
        let source = Source::File {
            path: self.path.clone(),
            unsynced,
        };
        self.parts
            .committer
            .publish(source, location.clone())
            .await?;
        Ok(location)
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        self.pipeline.cancel();
    }
}

impl UploadWriter for LocalWriter {
    fn offset(&self) -> u64 {
        self.offset
    }

    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), StorageError>> {
        self.offset += bytes.len() as u64;
        Box::pin(self.pipeline.push(bytes))
    }

    fn checkpoint(
        self: Box<Self>,
        durability: Durability,
    ) -> BoxFuture<'static, Result<UploadState, StorageError>> {
        let span = tracing::debug_span!("storage.checkpoint", size = self.offset);
        let checkpoint = async move {
            let sink = self.end().await?;
            let place = Some(UploadPlace::File(self.name.clone()));
            let synced = sink.offset <= self.synced;
            let durability = if synced {
                Durability::Machine
            } else {
                durability
            };
            let state = UploadState::resting(sink.offset, &sink.hasher, durability, place);
            if durability == Durability::Machine && !synced {
                blocking("syncing an upload", move || {
                    self.parts.disk.sync_file(&sink.file)?;
                    if self.synced == 0 {
                        self.parts.disk.sync_folder(&self.parts.layout.uploads())?;
                    }
                    Ok(())
                })
                .await?;
            }
            Ok(state)
        };
        Box::pin(checkpoint.instrument(span))
    }

    fn publish(
        self: Box<Self>,
        expected: Digest,
    ) -> BoxFuture<'static, Result<Location, StorageError>> {
        let span = tracing::debug_span!("storage.publish", digest = %expected, size = self.offset);
        let publish = async move {
            let published = self.publish_file(&expected).await;
            if let Err(error) = &published
                && !error.is_retryable()
            {
                drop(tokio::fs::remove_file(&self.path).await); // failed for good
            }
            published
        };
        Box::pin(publish.instrument(span))
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Err(error) = tokio::fs::remove_file(&self.path).await {
                tracing::warn!(%error, path = %self.path.display(), "an upload's file stays behind");
            }
        })
    }
}

/// Runs what blocks on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| StorageError::io(doing, error))
}

/// Keeps other writers off, in this process and others, until the file is
/// closed: a writer that was dropped may still have bytes in hand. Blocks.
fn lock(file: &std::fs::File) -> Result<(), StorageError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            // Where a file system knows no locks, the caller's promise must do.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => {
                return Err(StorageError::io("locking an upload's file", error));
            }
        }
    }
    Err(StorageError::Busy)
}

/// Sets space aside without changing the file's length, which tells how much is
/// written. A file system that cannot do it is no error.
fn allocate(file: &std::fs::File, offset: u64, length: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::KEEP_SIZE, offset, length) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(error.into()),
        _ => Ok(()),
    }
}

fn hash_file(file: &std::fs::File, size: u64, algorithm: Algorithm) -> io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; 256 * 1024];
    let mut offset = 0;
    while offset < size {
        let count = file.read_at(&mut buffer, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&buffer[..count]);
        offset += count as u64;
    }
    Ok(hasher.finish())
}
