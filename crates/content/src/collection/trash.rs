//! The second phase: bytes that belong to no blob are removed, a grace after they became trash.

use std::time::Instant;

use futures_util::{FutureExt as _, StreamExt as _};
use seawall_database::Timestamp;
use seawall_storage::Location;
use tokio_util::sync::CancellationToken;

use super::collect::Watch;
use super::store::{self, Trashed};
use super::{CollectionPhase, CollectionProgress, CollectionSettings};
use crate::{Content, ContentError};

/// What emptying the trash did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrashReport {
    /// How many blobs' bytes were removed for good.
    pub blobs: u64,
    /// How many bytes that is.
    pub bytes: u64,
    /// How many could not be removed; the next run tries again.
    pub failed: u64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

impl Content {
    /// Removes from the storage what has been trash for longer than the grace. What cannot be
    /// removed is logged, counted and left for the next time.
    ///
    /// # Errors
    /// When the database fails; what was done before stays done.
    pub async fn empty_trash(
        &self,
        settings: &CollectionSettings,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<TrashReport, ContentError> {
        let cutoff = Timestamp::now().minus(settings.trash_grace);
        let expected = {
            let mut reader = self.inner.database.read().await?;
            store::count_trash(&mut reader, cutoff).await?.0
        };
        let size = self.inner.storage.removals_at_once();
        let mut report = TrashReport::default();
        let mut pace = settings.pace();
        let mut after = (Timestamp(i64::MIN), String::new());
        loop {
            if cancelled.is_cancelled() {
                report.stopped = true;
                return Ok(report);
            }
            let due = {
                let mut reader = self.inner.database.read().await?;
                store::trash_due(&mut reader, cutoff, &after, size * settings.workers()).await?
            };
            let Some(last) = due.last() else {
                return Ok(report);
            };
            after = (last.trash_time, last.location.to_string());
            let began = Instant::now();
            let batches: Vec<Vec<Trashed>> = split(due, size);
            let removals = futures_util::stream::iter(batches)
                .map(|batch| self.remove_batch(batch))
                .buffer_unordered(settings.workers());
            let removed: Vec<_> = removals.collect().await;
            let mut count = 0;
            for removed in removed {
                let removed = removed?;
                report.blobs += removed.blobs;
                report.bytes += removed.bytes;
                report.failed += removed.failed;
                count += removed.blobs + removed.failed;
            }
            watch(CollectionProgress {
                phase: CollectionPhase::Trash,
                done: report.blobs + report.failed,
                expected: Some(expected.max(report.blobs + report.failed)),
                bytes: report.bytes,
            });
            // A third of the time at most: a disk that frees blocks syncs pushes slowly.
            pace.rest(count, 2 * began.elapsed(), cancelled).await;
        }
    }

    /// Removes bytes, and only then forgets them.
    async fn remove_batch(&self, batch: Vec<Trashed>) -> Result<TrashReport, ContentError> {
        let mut locations: Vec<Location> =
            batch.iter().map(|found| found.location.clone()).collect();
        self.take_back(&mut locations).await?;
        let failed = self.inner.storage.remove(locations.clone()).await;
        for (location, error) in &failed {
            tracing::warn!(%error, %location, "trash stays for now");
        }
        locations.retain(|location| !failed.iter().any(|(other, _)| other == location));
        let bytes = batch
            .iter()
            .filter(|found| locations.contains(&found.location))
            .map(|found| found.size)
            .sum();
        let blobs = locations.len() as u64;
        if !locations.is_empty() {
            let forgotten = self.inner.database.write(move |tx| {
                let locations = locations.clone();
                async move { Ok::<_, ContentError>(store::forget(tx, &locations).await?) }.boxed()
            });
            forgotten.await?;
        }
        Ok(TrashReport {
            blobs,
            bytes,
            failed: failed.len() as u64,
            stopped: false,
        })
    }

    /// Bytes that belong to a blob are no trash. Nobody publishes at a location twice, so that this
    /// happens only when somebody takes stored bytes over by hand.
    async fn take_back(&self, locations: &mut Vec<Location>) -> Result<(), ContentError> {
        let living = {
            let mut reader = self.inner.database.read().await?;
            store::living_at(&mut reader, locations).await?
        };
        if living.is_empty() {
            return Ok(());
        }
        tracing::error!(locations = ?living, "the trash held bytes of living blobs; they stay");
        locations.retain(|location| !living.contains(location));
        let forgotten = self.inner.database.write(move |tx| {
            let living = living.clone();
            async move { Ok::<_, ContentError>(store::forget(tx, &living).await?) }.boxed()
        });
        forgotten.await.map(drop)
    }
}

fn split(mut found: Vec<Trashed>, size: usize) -> Vec<Vec<Trashed>> {
    let mut batches = Vec::new();
    while !found.is_empty() {
        let rest = found.split_off(found.len().min(size));
        batches.push(std::mem::replace(&mut found, rest));
    }
    batches
}
