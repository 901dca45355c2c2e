//! Saying that a manifest is there, which is a promise: who asks by a HEAD leaves the push out, and names
//! the manifest in an index next. So collection leaves it alone for the lease, tagged or not.
//!
//! Why the row is held: `artifact/delete.rs` looks at the lease of what it holds, so that one of the two
//! comes first, the promise or the removal.

use std::sync::Arc;

use seawall_database::Timestamp;
use seawall_identity::Permit;
use seawall_oci::{Reference, RepositoryName};

use super::StoredManifest;
use super::get::unknown;
use super::store::Target;
use crate::artifact::store as artifacts;
use crate::{Registry, RegistryError};

impl Registry {
    /// [`Self::get_manifest`], and the promise to keep it for the lease. Costs a transaction only when the
    /// lease is half over.
    ///
    /// # Errors
    /// `ManifestUnknown`.
    pub async fn head_manifest(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<StoredManifest, RegistryError> {
        let found = self.get_manifest(permit, repository, reference).await?;
        let target = self.target(repository, reference).await?;
        if target.lease_until >= Timestamp::now().plus(self.content.settings().lease / 2) {
            return Ok(found);
        }
        match self.keep_for_lease(repository, reference, target).await {
            Ok(true) => Ok(found),
            Ok(false) => Err(unknown(repository, reference)),
            // Pulls begin with a HEAD. A database that takes no writes takes no index and collects nothing.
            Err(error) => {
                tracing::warn!(%error, %repository, "a manifest was found, but not kept for its lease");
                Ok(found)
            }
        }
    }

    /// False when it has gone meanwhile.
    async fn keep_for_lease(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        target: Arc<Target>,
    ) -> Result<bool, RegistryError> {
        let until = Timestamp::now().plus(self.content.settings().lease);
        let (caches, repository) = (Arc::clone(&self.caches), repository.clone());
        let tags: Vec<_> = reference.tag().cloned().into_iter().collect();
        self.database
            .write(move |tx| {
                let (caches, repository) = (Arc::clone(&caches), repository.clone());
                let (target, tags) = (Arc::clone(&target), tags.clone());
                Box::pin(async move {
                    let kept = artifacts::prolong(tx, target.artifact_id, until).await?;
                    let digests = std::slice::from_ref(&target.digest);
                    caches.targets_change(tx, &repository, digests, &tags);
                    Ok(kept)
                })
            })
            .await
    }
}
