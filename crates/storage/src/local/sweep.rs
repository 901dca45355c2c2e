//! Walking the local folder: what a crash left behind, all that is there, and the
//! removal of blobs.

use std::collections::HashSet;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use seawall_oci::Algorithm;
use tokio::sync::mpsc;

use super::is_missing;
use super::layout::{BLOBS, DATA, Layout};
use crate::{Location, StorageError, StoredBlob, SweepReport};

/// Removes files of uploads that are not live.
pub(super) fn sweep(
    layout: &Layout,
    live: &HashSet<String>,
    older_than: Duration,
) -> io::Result<SweepReport> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let before = now.saturating_sub(older_than);
    let is_old = |entry: &DirEntry| {
        let changed = entry.metadata().map_or(0, |found| found.ctime().max(0));
        Duration::from_secs(changed.unsigned_abs()) <= before
    };
    let stray = |entry: &DirEntry| {
        let name = entry.file_name();
        name.to_str().is_none_or(|name| !live.contains(name)) && is_old(entry)
    };
    Ok(SweepReport {
        stray_uploads: remove_where(&layout.uploads(), stray)?,
    })
}

fn remove_where(folder: &Path, condition: impl Fn(&DirEntry) -> bool) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if condition(&entry) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes blobs and the folders that they leave empty. Blocks.
pub(super) fn remove(layout: &Layout, locations: Vec<Location>) -> Vec<(Location, StorageError)> {
    let mut failed = Vec::new();
    for location in locations {
        let path = layout.path(&location);
        match fs::remove_file(&path) {
            Err(error) if !is_missing(&error) => {
                failed.push((location, StorageError::io("removing a blob", error)));
                continue;
            }
            _ => {}
        }
        if let Some(folder) = path.parent() {
            drop(fs::remove_dir(folder)); // unless a publication is at work there
        }
    }
    failed
}

/// All blobs below the root after a location, in order, read by a thread of its own.
pub(super) fn list(
    layout: Layout,
    after: Option<Location>,
) -> BoxStream<'static, Result<StoredBlob, StorageError>> {
    let (sender, receiver) = mpsc::channel(256);
    tokio::task::spawn_blocking(move || {
        let after = after.as_ref().map_or("", Location::as_str);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let walked = walk(&layout, algorithm, after, |blob| {
                sender.blocking_send(Ok(blob)).is_ok()
            });
            match walked {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    drop(sender.blocking_send(Err(StorageError::io("listing blobs", error))));
                    return;
                }
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|blob| (blob, receiver))
    })
    .boxed()
}

/// Calls `visit` for each blob after `after` until it says no, which is given back.
fn walk(
    layout: &Layout,
    algorithm: Algorithm,
    after: &str,
    mut visit: impl FnMut(StoredBlob) -> bool,
) -> io::Result<bool> {
    let top = format!("{BLOBS}/{algorithm}");
    for shelf in names(&layout.blobs(algorithm))? {
        let shelf_key = format!("{top}/{shelf}");
        if is_before(&shelf_key, after) {
            continue;
        }
        let shelf_path = layout.blobs(algorithm).join(&shelf);
        for hex in names(&shelf_path)? {
            let folder_key = format!("{shelf_key}/{hex}");
            if !hex.starts_with(&shelf) || is_before(&folder_key, after) {
                continue;
            }
            let folder = shelf_path.join(&hex);
            for file in names(&folder)? {
                let Ok(location) = Location::parse(format!("{folder_key}/{file}")) else {
                    continue;
                };
                if !file.starts_with(DATA) || location.as_str() <= after {
                    continue;
                }
                let Ok(found) = fs::symlink_metadata(folder.join(&file)) else {
                    continue; // removed meanwhile
                };
                let blob = StoredBlob {
                    location,
                    size: found.len(),
                    modified: found.modified()?,
                };
                if !visit(blob) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Whether all below a folder comes before the location at which a listing goes on.
fn is_before(folder: &str, after: &str) -> bool {
    folder < after && !after.starts_with(folder)
}

/// The names in a folder in order; none when it is gone or no folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
