//! What the owner of a registry sets about its content.

use std::time::Duration;

/// Limits and times of uploads and blobs.
#[derive(Clone, Debug)]
pub struct ContentSettings {
    /// How long a blob that nothing refers to is kept after it was last pushed
    /// or asked about. Default: 24 hours.
    pub lease: Duration,
    /// How long an upload may rest before it is discarded. Default: 24 hours.
    pub upload_expiry: Duration,
    /// How long a finished upload is remembered, for clients that repeat their
    /// last request. Default: 1 hour.
    pub finished_retention: Duration,
    /// How many uploads may be unfinished at the same time. Default: 10,000.
    pub max_uploads: usize,
    /// How many uploads may be written at the same time. Default: 512.
    pub max_active_uploads: usize,
    /// How many bytes a blob may have. Default: 1 TiB.
    pub max_blob_bytes: u64,
    /// How long a client may be silent in the middle of a body. Default: 60 seconds.
    pub body_timeout: Duration,
    /// How long a request waits for another that writes the same upload. Default: 20 seconds.
    pub writer_wait: Duration,
    /// How long another replica's writer is believed to be alive after it was
    /// last heard of. Default: 15 seconds.
    pub writer_lease: Duration,
}

impl Default for ContentSettings {
    fn default() -> Self {
        let hour = Duration::from_hours(1);
        Self {
            lease: 24 * hour,
            upload_expiry: 24 * hour,
            finished_retention: hour,
            max_uploads: 10_000,
            max_active_uploads: 512,
            max_blob_bytes: 1 << 40,
            body_timeout: Duration::from_mins(1),
            writer_wait: Duration::from_secs(20),
            writer_lease: Duration::from_secs(15),
        }
    }
}
