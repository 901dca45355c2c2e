//! What a collection would do, without doing it.

use std::collections::HashSet;

use seawall_database::Timestamp;
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use super::collect::Watch;
use super::{
    BlobReferences, CollectionPhase, CollectionProgress, CollectionSettings, Verdict, store,
    verdict,
};
use crate::{Content, ContentError};

/// How many blobs are looked at together.
const PAGE: usize = 500;

/// What a collection that began now would do. Exact, as long as nothing changes meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionPlan {
    /// How many blobs it would look at.
    pub reviewed: u64,
    /// How many of them it would end.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many blobs that nobody needs are kept because of their leases.
    pub leased: u64,
    /// What is trash already and would be removed for good, in blobs.
    pub trash: u64,
    /// The bytes of that.
    pub trash_bytes: u64,
    /// Whether it was stopped before its end: then the counts are of a part.
    pub stopped: bool,
}

impl Content {
    /// What [`Self::collect`] and [`Self::empty_trash`] would do. Changes nothing. `released` are
    /// blobs that may lose their last reference before the collection, by something that the
    /// caller plans to do first; `references` must leave those references out.
    pub async fn plan_collection(
        &self,
        settings: &CollectionSettings,
        references: &dyn BlobReferences,
        released: &[Digest],
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<CollectionPlan, ContentError> {
        let now = Timestamp::now();
        let cutoff = settings.cutoff(now, self.settings().lease);
        let mut plan = CollectionPlan::default();
        let expected = {
            let mut reader = self.inner.database.read().await?;
            (plan.trash, plan.trash_bytes) =
                store::count_trash(&mut reader, now.minus(settings.trash_grace)).await?;
            store::count_due(&mut reader, cutoff).await? + released.len() as u64
        };
        let mut tell = |plan: &CollectionPlan| {
            watch(CollectionProgress {
                phase: CollectionPhase::Blobs,
                done: plan.reviewed,
                expected: Some(expected.max(plan.reviewed)),
                bytes: plan.bytes,
            });
        };
        let released_set: HashSet<&Digest> = released.iter().collect();
        let mut after = (Timestamp(i64::MIN), String::new());
        loop {
            if cancelled.is_cancelled() {
                plan.stopped = true;
                return Ok(plan);
            }
            let due = {
                let mut reader = self.inner.database.read().await?;
                store::due(&mut reader, cutoff, &after, PAGE).await?
            };
            let Some(last) = due.last() else {
                break;
            };
            after = (last.review_time, last.digest.to_string());
            let digests: Vec<Digest> = due
                .iter()
                .map(|due| due.digest.clone())
                .filter(|digest| !released_set.contains(digest))
                .collect();
            self.plan_page(&digests, references, cutoff, &mut plan)
                .await?;
            tell(&plan);
        }
        for page in released.chunks(PAGE) {
            if cancelled.is_cancelled() {
                plan.stopped = true;
                return Ok(plan);
            }
            self.plan_page(page, references, cutoff, &mut plan).await?;
            tell(&plan);
        }
        Ok(plan)
    }

    async fn plan_page(
        &self,
        digests: &[Digest],
        references: &dyn BlobReferences,
        cutoff: Timestamp,
        plan: &mut CollectionPlan,
    ) -> Result<(), ContentError> {
        let mut reader = self.inner.database.read().await?;
        let leases = store::leases(&mut reader, digests).await?;
        let needed = references.referenced(&mut reader, digests).await?;
        plan.reviewed += digests.len() as u64;
        for lease in leases {
            match verdict(needed.contains(&lease.digest), lease.until, cutoff) {
                Verdict::Keep => {}
                Verdict::Postpone => plan.leased += 1,
                Verdict::Collect => {
                    plan.blobs += 1;
                    plan.bytes += lease.size;
                }
            }
        }
        Ok(())
    }
}
