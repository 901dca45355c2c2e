//! Blobs in a local folder, in the layout of the CNCF distribution registry.
//!
//! Publishing: temporary file → fsync → rename into place → fsync of the folder and
//! of new parents; then the caller writes the row. Removing needs no fsync: bytes that
//! come back after a power loss have no row, and a scrub finds them. Start at `layout.rs` for the
//! paths, `writer.rs` for an upload, `committer.rs` for the grouped fsyncs.

mod at_once;
mod committer;
mod disk;
mod layout;
mod pipeline;
mod space;
mod sweep;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use quick_cache::sync::Cache;
use seawall_oci::{Algorithm, ByteRange, Digest};
use tracing::Instrument as _;

use self::at_once::at_once;
use self::committer::{Committer, Source};
use self::disk::{Disk, RealDisk, open_options};
use self::layout::Layout;
use self::pipeline::Uploads;
use self::space::Space;
use self::writer::{LocalWriter, blocking};
use crate::{
    BlobBody, BlobStorage, Delivery, FileRange, LocalSettings, Location, StorageError, StoredBlob,
    SweepReport, UploadPlace, UploadState, UploadWriter,
};

/// How many files are kept open for the next reader. Opening and closing one
/// costs a trip to a blocking thread, more than sending a small blob does.
const OPEN_FILES: usize = 512;

/// How many blobs one thread removes before it is given back: some milliseconds.
const REMOVALS: usize = 128;

/// What the pieces of the local storage share.
#[derive(Clone)]
struct Parts {
    layout: Layout,
    disk: Arc<dyn Disk>,
    space: Arc<Space>,
    committer: Arc<Committer>,
    open_files: Arc<Cache<Location, OpenFile>>,
    uploads: Uploads,
}

#[derive(Clone)]
struct OpenFile {
    file: Arc<File>,
    size: u64,
}

/// Blobs in a local folder.
pub struct LocalStorage {
    parts: Parts,
    shared: bool,
}

impl LocalStorage {
    /// Opens the folder, making what is missing of it.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn open(settings: &LocalSettings) -> Result<Self, StorageError> {
        Self::open_on(settings, Arc::new(RealDisk)).await
    }

    async fn open_on(settings: &LocalSettings, disk: Arc<dyn Disk>) -> Result<Self, StorageError> {
        let layout = Layout::new(settings.path.clone());
        let space = Arc::new(Space::new(settings.path.clone(), settings.reserve_bytes));
        let (folders, syncing) = (layout.clone(), Arc::clone(&disk));
        blocking("making the storage folder", move || {
            make_folders(&folders, &syncing)
        })
        .await?;
        let committer = Committer::new(layout.clone(), Arc::clone(&disk), Arc::clone(&space));
        let capacity = if settings.shared { 0 } else { OPEN_FILES };
        Ok(Self {
            parts: Parts {
                layout,
                disk,
                space,
                committer: Arc::new(committer),
                open_files: Arc::new(Cache::new(capacity)),
                uploads: Uploads::default(),
            },
            shared: settings.shared,
        })
    }

    async fn open_file(&self, location: &Location) -> Result<OpenFile, StorageError> {
        if let Some(open) = self.parts.open_files.get(location) {
            return Ok(open);
        }
        let path = self.parts.layout.path(location);
        let opened = blocking("opening a blob", move || {
            let opened = open_options().read(true).open(&path);
            let file = match opened {
                Err(error) if is_missing(&error) => return Ok(None),
                opened => opened?,
            };
            let size = file.metadata()?.len();
            let file = Arc::new(file);
            Ok(Some(OpenFile { file, size }))
        });
        let open = opened
            .await?
            .ok_or_else(|| StorageError::NotFound(location.to_string()))?;
        if !self.shared {
            self.parts.open_files.insert(location.clone(), open.clone());
        }
        Ok(open)
    }
}

impl BlobStorage for LocalStorage {
    fn is_shared(&self) -> bool {
        self.shared
    }

    fn put(&self, digest: &Digest, bytes: Bytes) -> BoxFuture<'_, Result<Location, StorageError>> {
        let span = tracing::debug_span!("storage.publish", %digest, size = bytes.len());
        let location = Layout::fresh_location(digest);
        async move {
            let location = location?;
            let source = Source::Bytes(bytes);
            self.parts
                .committer
                .publish(source, location.clone())
                .await?;
            Ok(location)
        }
        .instrument(span)
        .boxed()
    }

    fn open(
        &self,
        state: UploadState,
        length: Option<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn UploadWriter>, StorageError>> {
        let parts = self.parts.clone();
        async move {
            let opening =
                tokio::task::spawn_blocking(move || LocalWriter::open(parts, &state, length));
            let writer = opening.await.map_err(|error| {
                StorageError::io("opening an upload", io::Error::other(error))
            })??;
            Ok(Box::new(writer) as Box<dyn UploadWriter>)
        }
        .boxed()
    }

    fn abort(&self, state: UploadState) -> BoxFuture<'_, Result<(), StorageError>> {
        async move {
            let Some(UploadPlace::File(name)) = &state.place else {
                return Ok(());
            };
            let path = self.parts.layout.upload(name)?;
            blocking("removing an upload", move || {
                match std::fs::remove_file(path) {
                    Err(error) if is_missing(&error) => Ok(()),
                    removed => removed,
                }
            })
            .await
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        location: &'a Location,
        range: ByteRange,
        _delivery: Delivery,
    ) -> BoxFuture<'a, Result<BlobBody, StorageError>> {
        let span = tracing::debug_span!("storage.read", %location, size = range.length);
        async move {
            let OpenFile { file, size } = self.open_file(location).await?;
            if range.start.saturating_add(range.length) > size {
                let shorter = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Err(StorageError::io("reading a blob", shorter));
            }
            Ok(BlobBody::File(FileRange { file, range }))
        }
        .instrument(span)
        .boxed()
    }

    fn stat<'a>(
        &'a self,
        location: &'a Location,
    ) -> BoxFuture<'a, Result<Option<u64>, StorageError>> {
        let path = self.parts.layout.path(location);
        blocking(
            "looking at a blob",
            move || match std::fs::symlink_metadata(path) {
                Err(error) if is_missing(&error) => Ok(None),
                found => Ok(Some(found?.len())),
            },
        )
        .boxed()
    }

    fn removals_at_once(&self) -> usize {
        REMOVALS
    }

    fn remove(&self, locations: Vec<Location>) -> BoxFuture<'_, Vec<(Location, StorageError)>> {
        let span = tracing::debug_span!("storage.remove", blobs = locations.len());
        for location in &locations {
            self.parts.open_files.remove(location);
        }
        let layout = self.parts.layout.clone();
        let again = locations.clone();
        async move {
            let removing = tokio::task::spawn_blocking(move || sweep::remove(&layout, locations));
            removing.await.unwrap_or_else(|error| {
                let failed = |location| {
                    let error = io::Error::other(error.to_string());
                    (location, StorageError::io("removing a blob", error))
                };
                again.into_iter().map(failed).collect()
            })
        }
        .instrument(span)
        .boxed()
    }

    fn list(&self, after: Option<&Location>) -> BoxStream<'_, Result<StoredBlob, StorageError>> {
        sweep::list(self.parts.layout.clone(), after.cloned())
    }

    fn sweep<'a>(
        &'a self,
        live: &'a HashSet<String>,
        older_than: Duration,
    ) -> BoxFuture<'a, Result<SweepReport, StorageError>> {
        let (layout, live) = (self.parts.layout.clone(), live.clone());
        blocking("sweeping temporary files", move || {
            sweep::sweep(&layout, &live, older_than)
        })
        .boxed()
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Makes the upper folders and makes them durable, so that a publication has
/// only its own two to sync.
fn make_folders(layout: &Layout, disk: &Arc<dyn Disk>) -> io::Result<()> {
    let mut made = BTreeSet::new();
    std::fs::create_dir_all(layout.uploads())?;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let folder = layout.blobs(algorithm);
        std::fs::create_dir_all(&folder)?;
        for byte in 0..=u8::MAX {
            match std::fs::create_dir(folder.join(format!("{byte:02x}"))) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        let below = |folder: &&Path| folder.starts_with(layout.root());
        made.extend(folder.ancestors().take_while(below).map(Path::to_path_buf));
    }
    // Each time: a start before this one may have made them and died.
    for synced in at_once(made.into_iter().collect(), {
        let disk = Arc::clone(disk);
        move |folder: &PathBuf| disk.sync_folder(folder)
    }) {
        synced?;
    }
    // The root's own entry, where the folder above may be read.
    if let Some(above) = layout
        .root()
        .parent()
        .filter(|above| !above.as_os_str().is_empty())
    {
        drop(disk.sync_folder(above));
    }
    Ok(())
}
