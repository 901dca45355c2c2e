//! What a collection would do, without doing it.

use std::collections::{BTreeMap, HashMap, HashSet};

use seawall_content::collection::{BlobReferences, CollectionPhase, CollectionProgress};
use seawall_database::{BoxFuture, DatabaseError, Tx};
use seawall_ids::RepositoryId;
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use super::{CollectionOptions, Watch, store};
use crate::artifact::{delete, parts, store as artifacts};
use crate::{Registry, RegistryError};

/// How many untagged artifacts are read together.
const PAGE: usize = 500;

/// What a collection that began now would do. Exact, as long as nothing changes meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionPlan {
    /// Untagged artifacts that would go, with their accessories and children.
    pub artifacts: u64,
    /// Blobs that would end.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that nobody needs and that are kept because of their leases.
    pub leased: u64,
    /// What is trash already and would be removed for good, in blobs.
    pub trash: u64,
    /// The bytes of that.
    pub trash_bytes: u64,
    /// Whether it was stopped before its end: then the counts are of a part.
    pub stopped: bool,
}

impl Registry {
    /// What [`Registry::collect`] would do. Changes nothing.
    pub async fn plan_collection(
        &self,
        options: &CollectionOptions,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<CollectionPlan, RegistryError> {
        let mut doomed = Doomed::default();
        if options.delete_untagged {
            doomed = self.doomed(options, watch, cancelled).await?;
        }
        let mut released: Vec<Digest> = doomed.references.keys().cloned().collect();
        released.sort_unstable();
        let plan = self
            .content
            .plan_collection(&options.content, &doomed, &released, watch, cancelled)
            .await?;
        Ok(CollectionPlan {
            artifacts: doomed.artifacts,
            blobs: plan.blobs,
            bytes: plan.bytes,
            leased: plan.leased,
            trash: plan.trash,
            trash_bytes: plan.trash_bytes,
            stopped: plan.stopped || cancelled.is_cancelled(),
        })
    }

    /// The artifacts that would be deleted, and what they refer to.
    async fn doomed(
        &self,
        options: &CollectionOptions,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<Doomed, RegistryError> {
        let untouched = options.untouched();
        let mut roots: BTreeMap<RepositoryId, Vec<Digest>> = BTreeMap::new();
        let (mut after, mut count) = (None, 0);
        while !cancelled.is_cancelled() {
            let mut reader = self.database.read().await?;
            let page = store::untagged(&mut reader, untouched, after.as_ref(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            count += page.len() as u64;
            for artifact in &page {
                let digests = roots.entry(artifact.repository).or_default();
                digests.push(artifact.digest.clone());
            }
            after = page.into_iter().next_back();
        }
        let (mut doomed, mut done) = (Doomed::default(), 0);
        for (repository, digests) in roots {
            if cancelled.is_cancelled() {
                break;
            }
            let mut reader = self.database.read().await?;
            let rows = artifacts::rows(&mut reader, repository, &digests).await?;
            let (gone, _) = delete::collect(&mut reader, rows, Some(untouched.lease_until)).await?;
            for artifact in &gone {
                doomed.artifacts += 1;
                for (digest, _) in parts::blobs(&mut reader, artifact.id).await? {
                    if let Ok(digest) = digest.parse() {
                        *doomed.references.entry(digest).or_default() += 1;
                    }
                }
            }
            done += digests.len() as u64;
            watch(CollectionProgress {
                phase: CollectionPhase::Artifacts,
                done,
                expected: Some(count),
                bytes: 0,
            });
        }
        Ok(doomed)
    }
}

/// Artifacts that would go: what refers to blobs, without them.
#[derive(Default)]
struct Doomed {
    artifacts: u64,
    references: HashMap<Digest, i64>,
}

impl BlobReferences for Doomed {
    fn referenced<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<HashSet<Digest>, DatabaseError>> {
        Box::pin(async move {
            let counts = store::reference_counts(tx, digests).await?;
            let others = |(digest, count): &(Digest, i64)| {
                *count > self.references.get(digest).copied().unwrap_or(0)
            };
            let referenced = counts.into_iter().filter(others);
            Ok(referenced.map(|(digest, _)| digest).collect())
        })
    }

    /// A plan ends nothing.
    fn unlink<'t>(
        &'t self,
        _tx: &'t mut Tx,
        _digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<u64, DatabaseError>> {
        Box::pin(async { Ok(0) })
    }
}
