//! The first phase: rows of blobs that nobody needs are removed, some hundred at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use seawall_database::{Timestamp, Tx};
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use super::store::{self, Due};
use super::{
    BlobReferences, CollectionPhase, CollectionProgress, CollectionReport, CollectionSettings,
    Verdict, verdict,
};
use crate::{Content, ContentError};

/// Told how far a run is.
pub type Watch<'w> = &'w mut (dyn FnMut(CollectionProgress) + Send);

/// What one transaction did.
#[derive(Default)]
struct Batch {
    collected: Vec<Digest>,
    bytes: u64,
    links: u64,
    /// How long it held the rows.
    took: Duration,
}

impl Content {
    /// Ends the blobs that nothing refers to and whose leases are over, while all else goes on.
    /// Their bytes are trash from then on: [`Self::empty_trash`]. Being stopped, or dying at any
    /// point, leaves nothing half done.
    ///
    /// # Errors
    /// When the database fails; what was done before stays done.
    pub async fn collect(
        &self,
        settings: &CollectionSettings,
        references: &Arc<dyn BlobReferences>,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<CollectionReport, ContentError> {
        let cutoff = settings.cutoff(Timestamp::now(), self.settings().lease);
        let expected = {
            let mut reader = self.inner.database.read().await?;
            store::count_due(&mut reader, cutoff).await?
        };
        let mut report = CollectionReport::default();
        let mut pace = settings.pace();
        let mut after = (Timestamp(i64::MIN), String::new());
        loop {
            if cancelled.is_cancelled() {
                report.stopped = true;
                return Ok(report);
            }
            let due = {
                let mut reader = self.inner.database.read().await?;
                store::due(&mut reader, cutoff, &after, pace.batch()).await?
            };
            let Some(last) = due.last() else {
                return Ok(report);
            };
            after = (last.review_time, last.digest.to_string());
            let batch = self.collect_batch(&due, references, cutoff).await?;
            report.reviewed += due.len() as u64;
            report.blobs += batch.collected.len() as u64;
            report.bytes += batch.bytes;
            report.links += batch.links;
            watch(CollectionProgress {
                phase: CollectionPhase::Blobs,
                done: report.reviewed,
                expected: Some(expected.max(report.reviewed)),
                bytes: report.bytes,
            });
            pace.rest(due.len() as u64, batch.took, cancelled).await;
        }
    }

    async fn collect_batch(
        &self,
        due: &[Due],
        references: &Arc<dyn BlobReferences>,
        cutoff: Timestamp,
    ) -> Result<Batch, ContentError> {
        let digests: Arc<[Digest]> = due.iter().map(|due| due.digest.clone()).collect();
        let (content, references) = (self.clone(), Arc::clone(references));
        self.inner
            .database
            .write(move |tx| {
                let (content, references) = (content.clone(), Arc::clone(&references));
                let digests = Arc::clone(&digests);
                async move {
                    let began = Instant::now();
                    let mut batch = review_batch(tx, &digests, &*references, cutoff).await?;
                    batch.took = began.elapsed();
                    let (blobs, gone) = (Arc::clone(&content.inner.blobs), batch.collected.clone());
                    tx.after_commit(move || {
                        for digest in &gone {
                            blobs.invalidate(digest);
                        }
                    });
                    Ok::<_, ContentError>(batch)
                }
                .boxed()
            })
            .await
    }
}

/// Looks at blobs once more, now that their rows are held, and does with each what is to be done.
async fn review_batch(
    tx: &mut Tx,
    digests: &[Digest],
    references: &dyn BlobReferences,
    cutoff: Timestamp,
) -> Result<Batch, ContentError> {
    let held = store::leases_held(tx, digests).await?;
    // Only now: what refers to one of these from here on has to wait for its row.
    let needed = references.referenced(tx, digests).await?;
    let (mut kept, mut postponed) = (Vec::new(), Vec::new());
    let mut batch = Batch::default();
    for lease in held {
        match verdict(needed.contains(&lease.digest), lease.until, cutoff) {
            Verdict::Keep => kept.push(lease.digest),
            Verdict::Postpone => postponed.push(lease.digest),
            Verdict::Collect => {
                batch.bytes += lease.size;
                batch.collected.push(lease.digest);
            }
        }
    }
    if !kept.is_empty() {
        store::keep(tx, &kept).await?;
    }
    if !postponed.is_empty() {
        store::review(tx, &postponed).await?;
    }
    if !batch.collected.is_empty() {
        store::trash(tx, &batch.collected, Timestamp::now()).await?;
        batch.links = references.unlink(tx, &batch.collected).await?;
    }
    Ok(batch)
}
