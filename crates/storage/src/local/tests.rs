//! Faults of the local storage: full disks, syncs that fail, processes that die.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use tempfile::TempDir;

use super::*;
use crate::Durability;

/// A disk whose syncs can be made to fail, and are counted.
#[derive(Default)]
struct FaultyDisk {
    files_fail: AtomicBool,
    folders_fail: AtomicBool,
    files: AtomicU64,
    folders: AtomicU64,
}

fn answer(fails: &AtomicBool, count: &AtomicU64) -> io::Result<()> {
    count.fetch_add(1, Ordering::SeqCst);
    if fails.load(Ordering::SeqCst) {
        return Err(io::Error::from_raw_os_error(5)); // EIO
    }
    Ok(())
}

impl Disk for FaultyDisk {
    fn sync_file(&self, _file: &File) -> io::Result<()> {
        answer(&self.files_fail, &self.files)
    }

    fn sync_folder(&self, _path: &Path) -> io::Result<()> {
        answer(&self.folders_fail, &self.folders)
    }
}

async fn faulty() -> (TempDir, LocalStorage, Arc<FaultyDisk>) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let settings = LocalSettings {
        reserve_bytes: 0,
        ..LocalSettings::new(folder.path())
    };
    let storage = LocalStorage::open_on(&settings, disk.clone())
        .await
        .unwrap();
    (folder, storage, disk)
}

async fn write(storage: &LocalStorage, bytes: &Bytes) -> Box<dyn UploadWriter> {
    let state = UploadState::new(Algorithm::Sha256);
    let mut writer = storage.open(state, Some(bytes.len() as u64)).await.unwrap();
    writer.write(bytes.clone()).await.unwrap();
    writer
}

async fn count(storage: &LocalStorage) -> usize {
    storage
        .list(None)
        .try_collect::<Vec<_>>()
        .await
        .unwrap()
        .len()
}

/// The queue's two ends sleep until there is enough to do: no size may leave both asleep.
#[tokio::test]
async fn pieces_of_any_size_get_through() {
    let (_folder, storage, _) = faulty().await;
    let sizes = [1, 700_000, 5_000_000, 3, 1_900_000, 1_900_000, 400_000, 64];
    let expected: Vec<u8> = (0..=250).cycle().take(sizes.iter().sum()).collect();
    let whole = Bytes::from(expected);
    let uploads = (0..3).map(|_| async {
        let mut writer = write(&storage, &Bytes::new()).await;
        let mut rest = whole.clone();
        for size in sizes {
            writer.write(rest.split_to(size)).await.unwrap();
        }
        let published = writer.publish(Digest::sha256(&whole));
        let in_time = tokio::time::timeout(Duration::from_secs(30), published);
        in_time.await.unwrap().unwrap();
    });
    join_all(uploads).await;
    assert_eq!(count(&storage).await, 3, "each at a location of its own");
}

/// What a slow client sent does not wait in memory for a share of the queue.
#[tokio::test]
async fn many_small_pieces_do_not_pile_up() {
    let (folder, storage, _) = faulty().await;
    let mut writer = write(&storage, &Bytes::new()).await;
    for _ in 0..64 {
        writer.write(Bytes::from_static(b"little")).await.unwrap();
    }
    let written = || {
        let mut files = std::fs::read_dir(folder.path().join("_uploads")).unwrap();
        files.next().unwrap().unwrap().metadata().unwrap().len()
    };
    let patience = Duration::from_secs(30);
    let seen = tokio::time::timeout(patience, async {
        while written() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    seen.await.unwrap();
    writer.abort().await;
}

#[tokio::test]
async fn a_failed_sync_fails_the_upload_and_is_not_tried_again() {
    let (_folder, storage, disk) = faulty().await;
    let large = Bytes::from(vec![7; 2_000_000]);
    let small = large.slice(..1000);
    disk.files_fail.store(true, Ordering::SeqCst);
    for bytes in [&small, &large] {
        let before = disk.files.load(Ordering::SeqCst);
        let published = write(&storage, bytes)
            .await
            .publish(Digest::sha256(bytes))
            .await;
        assert!(
            matches!(published, Err(StorageError::Io { .. })),
            "{published:?}"
        );
        assert_eq!(disk.files.load(Ordering::SeqCst), before + 1, "once");
        let rested = write(&storage, bytes)
            .await
            .checkpoint(Durability::Machine)
            .await;
        assert!(matches!(rested, Err(StorageError::Io { .. })));
    }
    let put = storage.put(&Digest::sha256(&small), small.clone()).await;
    assert!(matches!(put, Err(StorageError::Io { .. })));
    assert_eq!(count(&storage).await, 0);
    let left = std::fs::read_dir(storage.parts.layout.uploads())
        .unwrap()
        .count();
    assert_eq!(left, 2, "only those that were to rest");
    disk.files_fail.store(false, Ordering::SeqCst);
    storage.put(&Digest::sha256(&small), small).await.unwrap();
    assert_eq!(count(&storage).await, 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_synced_fails_the_upload() {
    let (_folder, storage, disk) = faulty().await;
    let bytes = Bytes::from_static(b"content");
    disk.folders_fail.store(true, Ordering::SeqCst);
    let put = storage.put(&Digest::sha256(&bytes), bytes.clone()).await;
    assert!(matches!(put, Err(StorageError::Io { .. })));
    disk.folders_fail.store(false, Ordering::SeqCst);
    storage.put(&Digest::sha256(&bytes), bytes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_was_synced_once_and_its_folders_after_it() {
    let (_folder, storage, disk) = faulty().await;
    let pushes = (0..64u8).map(|byte| {
        let bytes = Bytes::from(vec![byte; 100]);
        let digest = Digest::sha256(&bytes);
        let storage = &storage;
        async move { storage.put(&digest, bytes).await.unwrap() }
    });
    let before = disk.folders.load(Ordering::SeqCst);
    join_all(pushes).await;
    assert_eq!(disk.files.load(Ordering::SeqCst), 64);
    // Each blob's own folder; the ones above are shared when blobs share a round.
    let folders = disk.folders.load(Ordering::SeqCst) - before;
    assert!((64..=128).contains(&folders), "{folders}");
}

#[tokio::test]
async fn a_brief_rest_costs_no_sync_until_it_is_published() {
    let (_folder, storage, disk) = faulty().await;
    let bytes = Bytes::from_static(b"content");
    let state = write(&storage, &bytes)
        .await
        .checkpoint(Durability::Process)
        .await
        .unwrap();
    assert_eq!(disk.files.load(Ordering::SeqCst), 0);
    let writer = storage.open(state, None).await.unwrap();
    writer.publish(Digest::sha256(&bytes)).await.unwrap();
    assert_eq!(disk.files.load(Ordering::SeqCst), 1);
    let state = write(&storage, &bytes)
        .await
        .checkpoint(Durability::Machine)
        .await
        .unwrap();
    let writer = storage.open(state, None).await.unwrap();
    writer.publish(Digest::sha256(&bytes)).await.unwrap();
    assert_eq!(
        disk.files.load(Ordering::SeqCst),
        2,
        "what is synced is not synced again"
    );
}

#[tokio::test]
async fn uploads_leave_the_reserve_free() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LocalSettings {
        reserve_bytes: u64::MAX / 2,
        ..LocalSettings::new(folder.path())
    };
    let storage = LocalStorage::open(&settings).await.unwrap();
    let bytes = Bytes::from_static(b"content");
    let put = storage.put(&Digest::sha256(&bytes), bytes).await;
    assert!(matches!(put, Err(StorageError::Full { .. })));
    let open = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await;
    assert!(matches!(open.map(drop), Err(StorageError::Full { .. })));
}

/// A file system of 8 MiB; `None` where mounting is not allowed.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(folder.path())
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(
            std::process::Command::new("umount")
                .arg(self.0.path())
                .output(),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_clear_error_and_space_mends_it() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("not run: mounting a small file system needs root");
        return;
    };
    let settings = LocalSettings {
        reserve_bytes: 0,
        ..LocalSettings::new(disk.0.path())
    };
    let storage = LocalStorage::open(&settings).await.unwrap();
    let kept = Bytes::from(vec![1; 1_000_000]);
    let location = storage
        .put(&Digest::sha256(&kept), kept.clone())
        .await
        .unwrap();
    // Announced: refused before a byte is taken.
    let open = storage
        .open(UploadState::new(Algorithm::Sha256), Some(20_000_000))
        .await;
    assert!(matches!(open.map(drop), Err(StorageError::Full { .. })));
    // Not announced: refused when it is full.
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    let piece = Bytes::from(vec![2; 250_000]);
    let mut failure = None;
    for _ in 0..80 {
        if let Err(error) = writer.write(piece.clone()).await {
            failure = Some(error);
            break;
        }
    }
    assert!(
        matches!(failure, Some(StorageError::Full { .. })),
        "{failure:?}"
    );
    writer.abort().await;
    // The space is back at once, and the earlier blob is whole.
    storage.put(&Digest::sha256(&piece), piece).await.unwrap();
    let range = ByteRange::whole(kept.len() as u64);
    storage
        .read(&location, range, Delivery::Here)
        .await
        .unwrap();
    assert_eq!(count(&storage).await, 2);
    assert_eq!(
        std::fs::read_dir(storage.parts.layout.uploads())
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn space_that_was_announced_and_not_used_is_given_back() {
    use std::os::unix::fs::MetadataExt as _;
    let (folder, storage, _disk) = faulty().await;
    let bytes = Bytes::from_static(b"less than was announced");
    let state = UploadState::new(Algorithm::Sha256);
    let mut writer = storage.open(state, Some(50_000_000)).await.unwrap();
    writer.write(bytes.clone()).await.unwrap();
    let location = writer.publish(Digest::sha256(&bytes)).await.unwrap();
    let found = std::fs::metadata(folder.path().join(location.as_str())).unwrap();
    assert!(
        found.blocks() * 512 < 1_000_000,
        "{} blocks",
        found.blocks()
    );
}

#[tokio::test]
async fn a_process_that_died_leaves_strays_that_a_sweep_removes() {
    let (_folder, storage, _disk) = faulty().await;
    let writer = write(&storage, &Bytes::from(vec![3; 300_000])).await;
    drop(writer); // as if killed: nothing came to rest
    let report = storage
        .sweep(&HashSet::new(), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(report.stray_uploads, 1);
    assert_eq!(count(&storage).await, 0);
}

#[tokio::test]
async fn a_symbolic_link_is_neither_read_nor_written_through() {
    let (folder, storage, _disk) = faulty().await;
    let outside = folder.path().join("outside");
    std::fs::write(&outside, "secret").unwrap();
    let bytes = Bytes::from_static(b"content");
    let digest = Digest::sha256(&bytes);
    let location = storage.put(&digest, bytes.clone()).await.unwrap();
    let path = folder.path().join(location.as_str());
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    let read = storage
        .read(&location, ByteRange::whole(6), Delivery::Here)
        .await;
    assert!(read.is_err(), "a link is no blob");
    assert!(storage.remove(vec![location]).await.is_empty());
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "secret");
    assert!(!path.is_symlink(), "the link itself is removed");
}
