//! What the rooms above say of blobs, and what they tell this one.

use std::collections::{HashMap, HashSet};

use seawall_database::{BoxFuture, DatabaseError, Timestamp, Tx};
use seawall_oci::Digest;

use super::store;

/// What refers to blobs. Asked inside collection's transactions, which may run twice:
/// statements only.
pub trait BlobReferences: Send + Sync + 'static {
    /// Those of `digests` to which something refers. A reference counts from the commit of the
    /// transaction that makes it, which must have prolonged the blob's lease
    /// ([`Content::prolong`](crate::Content::prolong)) before.
    fn referenced<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<HashSet<Digest>, DatabaseError>>;

    /// Ends what shows these blobs without needing them, since they end in this
    /// transaction. Gives how many there were.
    fn unlink<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<u64, DatabaseError>>;
}

/// Has collection look at blobs to which a reference ends in this transaction. Costs nothing for
/// digests that are no blobs.
pub async fn review(tx: &mut Tx, digests: &[Digest]) -> Result<(), DatabaseError> {
    if digests.is_empty() {
        return Ok(());
    }
    store::review(tx, digests).await.map(drop)
}

/// Until when each of `digests` is kept that is a blob. Nobody prolongs one of them before
/// this transaction ends. Give them in order, so that two who wait do not wait in a circle.
pub async fn leases_held(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<HashMap<Digest, Timestamp>, DatabaseError> {
    let leases = store::leases_waited_for(tx, digests).await?;
    let leases = leases.into_iter();
    Ok(leases.map(|lease| (lease.digest, lease.until)).collect())
}
