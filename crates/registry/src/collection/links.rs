//! Links from repositories to blobs that no artifact there needs: uploads that no manifest followed,
//! mounts that came to nothing, and what artifacts that went have left. A blob that others need
//! stays, but is shown where it is needed only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use seawall_content::collection::{
    CollectionPhase, CollectionProgress, CollectionSettings, Verdict, leases_held, verdict,
};
use seawall_database::{Timestamp, Tx};
use seawall_ids::RepositoryId;
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use super::{Watch, store};
use crate::{Registry, RegistryError};

impl Registry {
    /// Ends links whose blob nobody in the repository needs, and whose blob's lease is over: who was
    /// told by a HEAD that a blob is there relies on the link too.
    pub(super) async fn collect_links(
        &self,
        settings: &CollectionSettings,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<u64, RegistryError> {
        let cutoff = settings.cutoff(Timestamp::now(), self.content.settings().lease);
        let expected = {
            let mut reader = self.database.read().await?;
            store::count_due_links(&mut reader, cutoff).await?
        };
        let mut pace = settings.pace();
        let (mut done, mut ended) = (0, 0);
        let mut after = None;
        while !cancelled.is_cancelled() {
            let due = {
                let mut reader = self.database.read().await?;
                store::due_links(&mut reader, cutoff, after.as_ref(), pace.batch()).await?
            };
            if due.is_empty() {
                break;
            }
            let mut took = Duration::ZERO;
            let mut by_repository: BTreeMap<RepositoryId, Vec<Digest>> = BTreeMap::new();
            for link in &due {
                let digests = by_repository.entry(link.repository).or_default();
                digests.push(link.digest.clone());
            }
            for (repository, mut digests) in by_repository {
                digests.sort_unstable();
                let (count, held) = self.review_links(repository, digests, cutoff).await?;
                ended += count;
                took += held;
            }
            done += due.len() as u64;
            watch(CollectionProgress {
                phase: CollectionPhase::Links,
                done,
                expected: Some(expected.max(done)),
                bytes: 0,
            });
            pace.rest(due.len() as u64, took, cancelled).await;
            after = due.into_iter().next_back();
        }
        Ok(ended)
    }

    /// In one transaction: gives how many ended, and how long it held the rows.
    async fn review_links(
        &self,
        repository: RepositoryId,
        digests: Vec<Digest>,
        cutoff: Timestamp,
    ) -> Result<(u64, Duration), RegistryError> {
        let (registry, digests) = (self.clone(), Arc::new(digests));
        self.database
            .write(move |tx| {
                let (registry, digests) = (registry.clone(), Arc::clone(&digests));
                Box::pin(async move {
                    let began = Instant::now();
                    let ended = review(tx, &registry, repository, &digests, cutoff).await?;
                    Ok((ended, began.elapsed()))
                })
            })
            .await
    }
}

/// Looks at links once more, now that pushes into the repository wait and that nobody prolongs
/// the blobs' leases.
async fn review(
    tx: &mut Tx,
    registry: &Registry,
    repository: RepositoryId,
    digests: &[Digest],
    cutoff: Timestamp,
) -> Result<u64, RegistryError> {
    let Some(name) = store::held(tx, repository).await? else {
        return Ok(0); // it went, and its links with it
    };
    let leases = leases_held(tx, digests).await?;
    let needed = store::needed(tx, repository, digests).await?;
    let (mut kept, mut ended) = (Vec::new(), Vec::new());
    for digest in digests {
        let until = leases.get(digest).copied().unwrap_or(Timestamp::NEVER);
        match verdict(needed.contains(digest), until, cutoff) {
            Verdict::Keep => kept.push(digest.clone()),
            Verdict::Postpone => store::review_link(tx, repository, digest, until).await?,
            Verdict::Collect => ended.push(digest.clone()),
        }
    }
    if !kept.is_empty() {
        store::keep_links(tx, repository, &kept).await?;
    }
    if ended.is_empty() {
        return Ok(0);
    }
    let count = store::end_links(tx, repository, &ended, cutoff).await?;
    let ended = ended.into_iter().map(|digest| (name.clone(), digest));
    registry.caches.links_end(tx, ended.collect());
    Ok(count)
}
