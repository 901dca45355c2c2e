//! What the owner of a registry sets about collection, the trash and scrubs.

use std::time::Duration;

use seawall_database::Timestamp;

use super::Pace;

/// How blobs are collected.
#[derive(Clone, Debug)]
pub struct CollectionSettings {
    /// How long ago a blob must have been pushed or asked about last. What the lease already
    /// grants counts, so that this matters only where it is longer. Default: 2 hours.
    pub time_window: Duration,
    /// How long bytes lie in the trash before they are removed for good. Default: 24 hours.
    pub trash_grace: Duration,
    /// How many requests to the storage may be under way at the same time. Default: 2.
    pub workers: usize,
    /// How many blobs may be collected, and how many removed from the trash, in a second; `None`
    /// for as many as leave pushes in peace. Default: `None`.
    pub blobs_per_second: Option<u32>,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        Self {
            time_window: Duration::from_hours(2),
            trash_grace: Duration::from_hours(24),
            workers: 2,
            blobs_per_second: None,
        }
    }
}

impl CollectionSettings {
    /// Leases that ended before this are over for good, at this moment.
    pub fn cutoff(&self, now: Timestamp, lease: Duration) -> Timestamp {
        now.minus(self.time_window.saturating_sub(lease))
    }

    /// The pace of one phase of a run.
    pub fn pace(&self) -> Pace {
        Pace::new(self.blobs_per_second)
    }

    /// The whole of [`Self::workers`] that makes sense.
    pub(crate) fn workers(&self) -> usize {
        self.workers.clamp(1, 64)
    }
}

/// How storage and database are compared.
#[derive(Clone, Debug)]
pub struct ScrubSettings {
    /// How old bytes without a row must be to be moved to the trash: far older than a publication
    /// takes until its row is written. Default: 24 hours.
    pub stray_age: Duration,
    /// How many bytes a second are read to compare their digests; `None` to read none.
    /// Default: `None`.
    pub read_bytes_per_second: Option<u64>,
}

impl Default for ScrubSettings {
    fn default() -> Self {
        Self {
            stray_age: Duration::from_hours(24),
            read_bytes_per_second: None,
        }
    }
}
