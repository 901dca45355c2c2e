//! The way in: what all operations on content share, and what happens at start.

use std::sync::Arc;

use seawall_database::Database;
use seawall_storage::BlobStorage;

use crate::{ContentError, ContentSettings};

/// The content of a registry. Cheap to clone.
#[derive(Clone)]
pub struct Content {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    storage: Arc<dyn BlobStorage>,
    settings: ContentSettings,
}

/// What was cleaned up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Uploads that had rested for too long, or whose bytes were gone.
    pub discarded_uploads: u64,
    /// Temporary files or objects that no upload named.
    pub stray_uploads: u64,
    /// Deleted blobs in the trash.
    pub trash: u64,
}

impl Content {
    /// Puts content together. The database must have this crate's tables.
    pub fn new(
        database: Database,
        storage: Arc<dyn BlobStorage>,
        settings: ContentSettings,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
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

    /// Cleans up after a crash: call it at start, before the first request.
    pub async fn recover(&self) -> Result<RecoveryReport, ContentError> {
        let _ = &self.inner.database;
        todo!()
    }

    /// Discards what has expired. Call it every few minutes.
    pub async fn expire(&self) -> Result<RecoveryReport, ContentError> {
        todo!()
    }

    /// Writes down the uploads that are only in memory, before a planned stop.
    pub async fn suspend(&self) -> Result<(), ContentError> {
        todo!()
    }
}
