//! The reserve: how much of the file system uploads leave free, so that the
//! database on the same disk can still write when blobs have filled the rest.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::StorageError;

/// How long a measurement holds for small writes.
const MEASURED_FOR_MS: u64 = 500;
/// What counts as small beside a measurement.
const SMALL_BYTES: u64 = 1024 * 1024;

/// Watches the free space of one file system.
pub(super) struct Space {
    root: PathBuf,
    reserve_bytes: u64,
    started: Instant,
    /// When plenty of space was seen last, in milliseconds since `started`, plus one.
    plenty_at_ms: AtomicU64,
}

impl Space {
    pub(super) fn new(root: PathBuf, reserve_bytes: u64) -> Self {
        Self {
            root,
            reserve_bytes,
            started: Instant::now(),
            plenty_at_ms: AtomicU64::new(0),
        }
    }

    /// Refuses `wanted` further bytes when they would cut into the reserve.
    /// A system call at most; call it where blocking is allowed.
    pub(super) fn check(&self, wanted: u64) -> Result<(), StorageError> {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        let seen_ms = self.plenty_at_ms.load(Ordering::Relaxed);
        if wanted <= SMALL_BYTES && seen_ms > 0 && now_ms < seen_ms + MEASURED_FOR_MS {
            return Ok(());
        }
        let Ok(measured) = rustix::fs::statvfs(&self.root) else {
            return Ok(()); // the write itself will tell
        };
        let free = measured.f_bavail.saturating_mul(measured.f_frsize);
        let needed = wanted.saturating_add(self.reserve_bytes);
        if free < needed {
            self.plenty_at_ms.store(0, Ordering::Relaxed);
            return Err(StorageError::Full {
                doing: "keeping the reserve of free space",
            });
        }
        if free > needed.saturating_add(1024 * SMALL_BYTES) {
            self.plenty_at_ms.store(now_ms + 1, Ordering::Relaxed);
        }
        Ok(())
    }
}
