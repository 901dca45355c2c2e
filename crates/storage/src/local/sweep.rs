//! Walking the local folder: what a crash left behind, and all that is there.

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

use super::layout::{BLOBS, Layout};
use crate::{Location, StorageError, StoredBlob, SweepReport};

/// Removes files of uploads that are not live, and the trash.
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
        trash: remove_where(&layout.trash(), is_old)?,
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

/// All blobs below the root, read by a thread of its own.
pub(super) fn list(layout: Layout) -> BoxStream<'static, Result<StoredBlob, StorageError>> {
    let (sender, receiver) = mpsc::channel(256);
    tokio::task::spawn_blocking(move || {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let walked = walk(&layout, algorithm, |blob| {
                sender.blocking_send(Ok(blob)).is_ok()
            });
            if let Err(error) = walked {
                drop(sender.blocking_send(Err(StorageError::io("listing blobs", error))));
                return;
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|blob| (blob, receiver))
    })
    .boxed()
}

/// Calls `visit` for each blob until it says no.
fn walk(
    layout: &Layout,
    algorithm: Algorithm,
    mut visit: impl FnMut(StoredBlob) -> bool,
) -> io::Result<()> {
    for shelf in fs::read_dir(layout.blobs(algorithm))? {
        for folder in fs::read_dir(shelf?.path())? {
            let folder = folder?;
            let Ok(found) = fs::symlink_metadata(folder.path().join("data")) else {
                continue; // deleted, or not published yet
            };
            let name = folder.file_name();
            let Some(hex) = name.to_str().filter(|hex| hex.len() > 2 && hex.is_ascii()) else {
                continue;
            };
            let text = format!("{BLOBS}/{algorithm}/{}/{hex}/data", &hex[..2]);
            let Ok(location) = Location::parse(text) else {
                continue;
            };
            let size = found.len();
            if !visit(StoredBlob { location, size }) {
                return Ok(());
            }
        }
    }
    Ok(())
}
