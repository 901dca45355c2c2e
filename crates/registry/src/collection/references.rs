//! What this room tells the one below about blobs: artifacts refer to them, repositories show them.

use std::collections::HashSet;
use std::sync::Arc;

use seawall_content::collection::BlobReferences;
use seawall_database::{BoxFuture, DatabaseError, Tx};
use seawall_oci::Digest;

use super::store;
use crate::cache::Caches;

/// The references of artifacts, and the links of repositories.
pub(super) struct References {
    caches: Arc<Caches>,
}

impl References {
    pub(super) fn new(caches: Arc<Caches>) -> Self {
        Self { caches }
    }
}

impl BlobReferences for References {
    fn referenced<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<HashSet<Digest>, DatabaseError>> {
        Box::pin(store::referenced(tx, digests))
    }

    fn unlink<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<u64, DatabaseError>> {
        Box::pin(async move {
            let ended = store::unlink_everywhere(tx, digests).await?;
            let count = ended.len() as u64;
            self.caches.links_end(tx, ended);
            Ok(count)
        })
    }
}
