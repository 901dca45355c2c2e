//! The contract of a blob storage. Implementations: `local/`, `s3/`; the suite
//! that holds them to it: `tests/contract/`.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use seawall_oci::{ByteRange, Digest};
use serde::{Deserialize, Serialize};

use crate::{BlobBody, Location, StorageError, UploadState};

/// Whether a client can be sent elsewhere for the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The bytes must come through this process.
    Here,
    /// A redirect to the object store will do, if the settings allow it.
    Anywhere,
}

/// What a resting upload must outlive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// This process only: enough for an upload that no row names yet.
    Process,
    /// The machine: what a row says of an upload must hold after a power loss.
    Machine,
}

/// A blob's bytes as a listing finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// Where they are.
    pub location: Location,
    /// How many.
    pub size: u64,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Temporary files or objects of uploads that no row names.
    pub stray_uploads: u64,
    /// Deleted blobs that were still in the trash.
    pub trash: u64,
}

/// A place for the bytes of blobs.
///
/// Promises, whichever implementation:
/// - What [`put`](Self::put) or [`UploadWriter::publish`] called published is whole, has the digest, and
///   survives a crash of the process or of the machine from then on. Before that nothing of it is visible.
/// - Publishing the same digest twice is fine, also at the same time, also beside a deletion of the
///   earlier bytes: the later publication is whole.
/// - Every operation ends: after its deadline it fails with [`StorageError::Unavailable`].
/// - Dropping a future leaves at most temporary bytes, which [`sweep`](Self::sweep) or
///   [`abort`](Self::abort) removes.
/// - The memory for one upload is bounded: 1 MiB locally, 6 MiB on an object store.
pub trait BlobStorage: Send + Sync + 'static {
    /// Whether other processes may use the same bytes.
    fn is_shared(&self) -> bool;

    /// Stores a small blob whole, which the caller has hashed.
    fn put(&self, digest: &Digest, bytes: Bytes) -> BoxFuture<'_, Result<Location, StorageError>>;

    /// Goes on with an upload where its state says. Bytes after that offset,
    /// which a writer left that did not come to a checkpoint, are overwritten.
    /// The caller sees to it that an upload has one writer at a time.
    ///
    /// `length` is how many bytes are going to come, if that is known.
    fn open(
        &self,
        state: UploadState,
        length: Option<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn UploadWriter>, StorageError>>;

    /// Removes an upload's temporary bytes and parts. Harmless when repeated.
    fn abort(&self, state: UploadState) -> BoxFuture<'_, Result<(), StorageError>>;

    /// Gives the bytes of `range`, which must lie within the blob.
    fn read<'a>(
        &'a self,
        location: &'a Location,
        range: ByteRange,
        delivery: Delivery,
    ) -> BoxFuture<'a, Result<BlobBody, StorageError>>;

    /// The number of bytes at a location, `None` when nothing is there.
    fn stat<'a>(
        &'a self,
        location: &'a Location,
    ) -> BoxFuture<'a, Result<Option<u64>, StorageError>>;

    /// Removes a blob's bytes. Harmless when repeated. Locally they are moved
    /// to a trash folder at once, so that a crash cannot leave half of it done.
    fn delete<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Takes back a publication whose row could not be written. Where a
    /// location belongs to the digest and not to one publication, as locally,
    /// somebody else may have published there meanwhile, and nothing is done:
    /// bytes without a row wait for collection.
    fn discard<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<(), StorageError>>;

    /// All blobs, in no order: for comparing with the database.
    fn list(&self) -> BoxStream<'_, Result<StoredBlob, StorageError>>;

    /// Removes temporary bytes that no upload in `live` names and that nobody
    /// touched for `older_than`, and empties the trash.
    fn sweep<'a>(
        &'a self,
        live: &'a HashSet<String>,
        older_than: Duration,
    ) -> BoxFuture<'a, Result<SweepReport, StorageError>>;
}

/// The writing end of one upload. Dropping it keeps the last checkpoint valid.
pub trait UploadWriter: Send {
    /// How many bytes the upload has, with those not yet stored.
    fn offset(&self) -> u64;

    /// Takes the next bytes. Returns when there is room for more; an error may
    /// belong to earlier bytes.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), StorageError>>;

    /// Comes to rest: all bytes are stored, and the state says how to go on.
    fn checkpoint(
        self: Box<Self>,
        durability: Durability,
    ) -> BoxFuture<'static, Result<UploadState, StorageError>>;

    /// Finishes the upload: compares the digest and makes the bytes a blob.
    /// An expected digest of another algorithm than the upload's costs one
    /// reading of the content. On an error nothing is published, and the temporary
    /// bytes are removed, unless the storage does not answer: then a sweep or
    /// [`BlobStorage::abort`] removes them, or the upload is published later.
    fn publish(
        self: Box<Self>,
        expected: Digest,
    ) -> BoxFuture<'static, Result<Location, StorageError>>;

    /// Gives the upload up: removes its temporary bytes and parts, as far as
    /// the storage answers; a sweep removes the rest.
    fn abort(self: Box<Self>) -> BoxFuture<'static, ()>;
}
