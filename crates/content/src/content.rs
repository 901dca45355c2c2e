//! The way in: what all operations on content share.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::cache::{Coherence, Coherent};
use seawall_database::{Database, Timestamp};
use seawall_oci::Digest;
use seawall_storage::BlobStorage;

use crate::upload::{Sessions, Turns};
use crate::{Blob, ContentSettings};

/// How many blobs' rows are remembered.
const CACHED_BLOBS: usize = 20_000;
/// How stale a blob's row may be when other replicas write.
const STALENESS: Duration = Duration::from_secs(5);

/// The content of a registry. Cheap to clone.
#[derive(Clone)]
pub struct Content {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) storage: Arc<dyn BlobStorage>,
    pub(crate) settings: ContentSettings,
    pub(crate) blobs: Arc<Coherent<Digest, Blob>>,
    pub(crate) sessions: Sessions,
    pub(crate) turns: Turns,
}

impl Content {
    /// Puts content together. The database must have this crate's tables.
    pub fn new(
        database: Database,
        storage: Arc<dyn BlobStorage>,
        settings: ContentSettings,
    ) -> Self {
        let coherence = if database.is_shared() {
            Coherence::Shared(STALENESS)
        } else {
            Coherence::Exclusive
        };
        Self {
            inner: Arc::new(Inner {
                blobs: Arc::new(Coherent::new(coherence, CACHED_BLOBS)),
                sessions: Sessions::default(),
                turns: Turns::new(settings.max_active_uploads),
                database,
                storage,
                settings,
            }),
        }
    }

    /// Limits and times.
    pub fn settings(&self) -> &ContentSettings {
        &self.inner.settings
    }

    /// The storage below.
    pub fn storage(&self) -> &Arc<dyn BlobStorage> {
        &self.inner.storage
    }

    /// Until when a blob is kept that is asked about now.
    pub(crate) fn lease_until(&self) -> Timestamp {
        Timestamp::now().plus(self.inner.settings.lease)
    }

    /// Leases that end before this are worth a write.
    pub(crate) fn lease_half_over(&self) -> Timestamp {
        Timestamp::now().plus(self.inner.settings.lease / 2)
    }
}
