//! Collection of what nobody needs: untagged artifacts if so wished, then blobs, by `seawall-content`
//! (`content/src/collection/mod.rs` tells the protocol), with all links to them, and then links from
//! repositories to blobs that only others need.
//!
//! No jobs here and no schedule: what runs this gives it a token to stop it and a function to
//! tell it how far it is. Start at [`Registry::collect`]; `untagged.rs` and `links.rs` are its steps here,
//! `plan.rs` is its dry run, `references.rs` is what this room tells the one below.

mod links;
mod plan;
mod references;
pub(crate) mod store;
mod untagged;

use std::sync::Arc;

use seawall_content::collection::{
    BlobReferences, CollectionProgress, CollectionSettings, ScrubPosition, ScrubReport,
    ScrubSettings, ScrubWatch, TrashReport,
};
use seawall_database::Timestamp;
use tokio_util::sync::CancellationToken;

pub use plan::CollectionPlan;

use self::references::References;
use self::store::Untouched;
use crate::{Registry, RegistryError};

/// Told how far a run is, after each batch.
pub type Watch<'w> = &'w mut (dyn FnMut(CollectionProgress) + Send);

/// What a collection is to do.
#[derive(Clone, Debug, Default)]
pub struct CollectionOptions {
    /// How blobs are collected, the time window, and how fast.
    pub content: CollectionSettings,
    /// Whether untagged artifacts go, that were neither pushed nor pulled within the time window, nor asked
    /// about by a HEAD within the lease, are no children of an index and hang on nothing that is there.
    pub delete_untagged: bool,
    /// Who is named in the audit log and in events for artifacts that go.
    pub operator: String,
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionReport {
    /// Untagged artifacts that went, with what went with them.
    pub artifacts: u64,
    /// Links from repositories to blobs that ended.
    pub links: u64,
    /// Blobs that ended.
    pub blobs: u64,
    /// Their bytes: what the registry holds no more once the trash is emptied.
    pub bytes: u64,
    /// What was removed from the trash for good, of this run or earlier ones.
    pub trash: TrashReport,
    /// Whether it was stopped before its end. The next run goes on.
    pub stopped: bool,
}

impl CollectionOptions {
    /// Which untagged artifacts a run that begins now may delete.
    fn untouched(&self) -> Untouched {
        let now = Timestamp::now();
        Untouched {
            since: now.minus(self.content.time_window),
            lease_until: now,
        }
    }
}

impl Registry {
    /// Collects what nobody needs, while all else goes on, and empties the trash of what has lain
    /// there for its grace. Stopping it, or a crash at any point, leaves nothing half done.
    ///
    /// # Errors
    /// When the database fails; what was done before stays done.
    pub async fn collect(
        &self,
        options: &CollectionOptions,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<CollectionReport, RegistryError> {
        let mut report = CollectionReport::default();
        if options.delete_untagged {
            report.artifacts = self.collect_untagged(options, watch, cancelled).await?;
        }
        let references = self.blob_references();
        let collected = self
            .content
            .collect(&options.content, &references, watch, cancelled)
            .await?;
        report.blobs = collected.blobs;
        report.bytes = collected.bytes;
        // After the blobs, with which most links end that nobody needs.
        let links = self.collect_links(&options.content, watch, cancelled);
        report.links = collected.links + links.await?;
        report.trash = self
            .content
            .empty_trash(&options.content, watch, cancelled)
            .await?;
        report.stopped = cancelled.is_cancelled();
        Ok(report)
    }

    /// Compares what the storage holds with what the database says
    /// ([`Content::scrub`](seawall_content::Content::scrub)).
    ///
    /// # Errors
    /// When the database or the storage fails; the position says where to go on.
    pub async fn scrub(
        &self,
        settings: &ScrubSettings,
        position: &mut ScrubPosition,
        watch: ScrubWatch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<ScrubReport, RegistryError> {
        let references = self.blob_references();
        let scrubbed = self
            .content
            .scrub(settings, &references, position, watch, cancelled)
            .await;
        Ok(scrubbed?)
    }

    /// What `seawall-content` asks when it collects.
    pub fn blob_references(&self) -> Arc<dyn BlobReferences> {
        Arc::new(References::new(self.caches.clone()))
    }
}
