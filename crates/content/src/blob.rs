//! Blobs: finding, reading, and keeping them for a while.

use seawall_database::{DatabaseError, Timestamp, Tx};
use seawall_oci::{ByteRange, Digest};
use seawall_storage::{BlobBody, Delivery, Location};

use crate::{Content, ContentError};

/// A blob that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its name.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// Where they lie.
    pub location: Location,
    /// Grows when the blob is pushed again while it was being deleted.
    pub generation: i64,
    /// Until then it is kept although nothing refers to it.
    pub lease_until: Timestamp,
}

/// A blob whose lease was prolonged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its name.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
}

impl Content {
    /// The blob of this digest; cached. `None` when there is none, or it is being deleted.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Blob>, ContentError> {
        let _ = digest;
        todo!()
    }

    /// [`Self::blob`], and the promise to keep it for the lease: what a HEAD or
    /// a mount that says yes must call. Costs a transaction only when the lease
    /// is half over.
    pub async fn leased_blob(&self, digest: &Digest) -> Result<Option<Blob>, ContentError> {
        let _ = digest;
        todo!()
    }

    /// The bytes of `range`, which must lie within the blob.
    pub async fn open(
        &self,
        blob: &Blob,
        range: ByteRange,
        delivery: Delivery,
    ) -> Result<BlobBody, ContentError> {
        let _ = (blob, range, delivery);
        todo!()
    }

    /// All bytes of a small blob, such as an image's configuration.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when it has more than `limit` bytes.
    pub async fn bytes(&self, blob: &Blob, limit: u64) -> Result<bytes::Bytes, ContentError> {
        let _ = (blob, limit);
        todo!()
    }

    /// Keeps blobs for the lease, inside the transaction that is about to refer
    /// to them. Gives them in the order asked for, without repeats.
    ///
    /// # Errors
    /// [`ContentError::BlobUnknown`] with those that are missing or being deleted.
    pub async fn prolong(
        &self,
        tx: &mut Tx,
        digests: &[Digest],
    ) -> Result<Vec<Leased>, ContentError> {
        prolong(tx, digests, Timestamp::now(), self.settings().lease).await
    }
}

/// [`Content::prolong`] for those who hold no [`Content`] inside a transaction.
pub async fn prolong(
    tx: &mut Tx,
    digests: &[Digest],
    now: Timestamp,
    lease: std::time::Duration,
) -> Result<Vec<Leased>, ContentError> {
    let _ = (tx, digests, now, lease);
    Err(ContentError::Database(DatabaseError::NotFound))
}
