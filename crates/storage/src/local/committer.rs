//! Grouped durability: many uploads share one round of fsyncs.
//!
//! Whoever comes first leads: it takes all that waits, writes and syncs the
//! files, renames them into place, syncs each folder once, and answers all;
//! what arrives meanwhile waits for the next round. Not here: the writing of
//! large uploads, which come with their file synced (`writer.rs`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::at_once::at_once;
use super::disk::{Disk, open_options};
use super::layout::Layout;
use super::space::Space;
use crate::{Location, StorageError};

/// The most publications of one round; the rest waits for the next.
const MAX_ROUND: usize = 256;
/// How many rounds may be under way at the same time.
const MAX_LEADERS: usize = 2;

/// Where a blob's bytes are before it is published.
pub(super) enum Source {
    /// In memory: a small blob.
    Bytes(Bytes),
    /// In a temporary file, with its handle if it is not synced yet.
    File {
        path: PathBuf,
        unsynced: Option<Arc<File>>,
    },
}

struct Publication {
    source: Source,
    location: Location,
    answer: oneshot::Sender<Result<(), StorageError>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Publication>,
    leaders: usize,
}

/// Publishes blobs of one local storage.
pub(super) struct Committer {
    layout: Layout,
    disk: Arc<dyn Disk>,
    space: Arc<Space>,
    queue: Mutex<Queue>,
}

impl Committer {
    pub(super) fn new(layout: Layout, disk: Arc<dyn Disk>, space: Arc<Space>) -> Self {
        Self {
            layout,
            disk,
            space,
            queue: Mutex::default(),
        }
    }

    /// Makes the bytes a blob at the location, durably. Once asked for it
    /// happens, whether the caller waits or not.
    pub(super) async fn publish(
        self: &Arc<Self>,
        source: Source,
        location: Location,
    ) -> Result<(), StorageError> {
        let (answer, answered) = oneshot::channel();
        let lead = {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.push(Publication {
                source,
                location,
                answer,
            });
            let lead =
                queue.leaders < MAX_LEADERS && (queue.leaders == 0 || queue.waiting.len() > 1);
            queue.leaders += usize::from(lead);
            lead
        };
        if lead {
            let committer = Arc::clone(self);
            tokio::task::spawn_blocking(move || committer.lead());
        }
        answered.await.unwrap_or_else(|_| {
            Err(StorageError::Unavailable {
                doing: "publishing a blob",
                reason: "the round was given up".to_owned(),
            })
        })
    }

    fn lead(&self) {
        loop {
            let round: Vec<Publication> = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                if queue.waiting.is_empty() {
                    queue.leaders -= 1;
                    return;
                }
                let count = queue.waiting.len().min(MAX_ROUND);
                queue.waiting.drain(..count).collect()
            };
            let _span = tracing::debug_span!("storage.commit", blobs = round.len()).entered();
            self.run(round);
        }
    }

    /// One round. Each step keeps the publications that have not failed.
    fn run(&self, round: Vec<Publication>) {
        let mut ready = Vec::with_capacity(round.len());
        for publication in round {
            match self.prepare(&publication.source, &publication.location) {
                Ok(prepared) => ready.push((publication, prepared)),
                Err(error) => drop(publication.answer.send(Err(error))),
            }
        }
        // All files are written before the first is synced, so that one commit
        // of the file system's journal covers as many of them as it can.
        let disk = Arc::clone(&self.disk);
        let files = ready
            .iter_mut()
            .map(|(_, prepared)| prepared.unsynced.take());
        let synced = at_once(files.collect(), move |file: &Option<Arc<File>>| {
            file.as_ref().map_or(Ok(()), |file| disk.sync_file(file))
        });
        let mut synced = synced.into_iter();
        ready = keep(ready, |_| {
            let result = synced
                .next()
                .unwrap_or_else(|| Err(io::ErrorKind::Other.into()));
            result.map_err(|error| StorageError::io("syncing a blob's file", error))
        });
        ready = keep(ready, |prepared| {
            rename_into(&prepared.temporary, &prepared.target)
                .map_err(|error| StorageError::io("renaming a blob into place", error))
        });
        let mut folders = BTreeSet::new();
        for (_, prepared) in &ready {
            folders.extend(prepared.folders());
        }
        let disk = Arc::clone(&self.disk);
        let synced = at_once(
            folders.iter().cloned().collect(),
            move |folder: &PathBuf| disk.sync_folder(folder),
        );
        let mut failed = Vec::new();
        for (folder, result) in folders.into_iter().zip(synced) {
            if let Err(error) = result {
                tracing::error!(%error, folder = %folder.display(), "a blob's folder cannot be synced");
                failed.push((folder, error.kind()));
            }
        }
        for (publication, prepared) in ready {
            let failure = failed
                .iter()
                .find(|(folder, _)| prepared.folders().contains(folder));
            let result = failure.map_or(Ok(()), |(_, kind)| {
                Err(StorageError::io("syncing a blob's folder", (*kind).into()))
            });
            drop(publication.answer.send(result));
        }
    }

    fn prepare(&self, source: &Source, location: &Location) -> Result<Prepared, StorageError> {
        let target = self.layout.path(location);
        match source {
            Source::File { path, unsynced } => Ok(Prepared {
                temporary: path.clone(),
                target,
                unsynced: unsynced.clone(),
            }),
            Source::Bytes(bytes) => {
                self.space.check(bytes.len() as u64)?;
                let temporary = self.layout.uploads().join(Layout::fresh_name());
                let written = open_options()
                    .write(true)
                    .create_new(true)
                    .open(&temporary)
                    .and_then(|mut file| file.write_all(bytes).map(|()| file));
                match written {
                    Ok(file) => Ok(Prepared {
                        temporary,
                        target,
                        unsynced: Some(Arc::new(file)),
                    }),
                    Err(error) => {
                        drop(std::fs::remove_file(&temporary));
                        Err(StorageError::io("writing a small blob", error))
                    }
                }
            }
        }
    }
}

/// Runs a step on each; whose step fails is answered, cleaned up and dropped.
fn keep(
    round: Vec<(Publication, Prepared)>,
    mut step: impl FnMut(&Prepared) -> Result<(), StorageError>,
) -> Vec<(Publication, Prepared)> {
    let mut kept = Vec::with_capacity(round.len());
    for (publication, prepared) in round {
        match step(&prepared) {
            Ok(()) => kept.push((publication, prepared)),
            Err(error) => {
                tracing::error!(%error, location = %publication.location, "a blob cannot be published");
                drop(std::fs::remove_file(&prepared.temporary));
                drop(publication.answer.send(Err(error)));
            }
        }
    }
    kept
}

/// A publication whose bytes are in a file.
struct Prepared {
    temporary: PathBuf,
    target: PathBuf,
    unsynced: Option<Arc<File>>,
}

impl Prepared {
    /// The folders whose entries make the blob reachable: its own, which may be
    /// new, and the one above. Those further up were made durable at start.
    fn folders(&self) -> Vec<PathBuf> {
        let own = self.target.ancestors().skip(1).take(2);
        own.map(Path::to_path_buf).collect()
    }
}

/// Renames over whatever is there. The folder is made if it is missing, also
/// when a deletion removes it at this very moment.
fn rename_into(temporary: &Path, target: &Path) -> io::Result<()> {
    let folder = target.parent().unwrap_or(target);
    for _ in 0..8 {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(folder)?;
            }
            made => made?,
        }
        match std::fs::rename(temporary, target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && temporary.exists() => {}
            renamed => return renamed,
        }
    }
    Err(io::ErrorKind::NotFound.into())
}
