//! The contract of a blob storage. Implementations: `local/`, `s3/`; the suite
//! that holds them to it: `tests/contract/`.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

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
    /// When they were written.
    pub modified: SystemTime,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Temporary files or objects of uploads that no row names.
    pub stray_uploads: u64,
}

/// A place for the bytes of blobs.
///
/// Promises, whichever implementation:
/// - What [`put`](Self::put) or [`UploadWriter::publish`] called published is whole, has the digest, and
///   survives a crash of the process or of the machine from then on. Before that nothing of it is visible.
/// - Every publication has a location of its own, which no other ever gets: whoever removes what lies
///   at a location can never hit what was published later, however late they come
///   (docs/decisions/0010-collection.md).
/// - Every operation ends: after its deadline it fails with [`StorageError::Unavailable`].
/// - Dropping a future leaves at most temporary bytes, which [`sweep`](Self::sweep) or
///   [`abort`](Self::abort) removes.
/// - The memory for one upload is bounded: 2.5 MiB locally (1 MiB when many are written at once), 6 MiB on an
///   object store.
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

    /// How many blobs one call of [`remove`](Self::remove) does best with.
    fn removals_at_once(&self) -> usize;

    /// Removes blobs' bytes for good, and gives those that could not be removed.
    /// What is not there is no failure.
    fn remove(&self, locations: Vec<Location>) -> BoxFuture<'_, Vec<(Location, StorageError)>>;

    /// All blobs after a location, in the order of their locations' bytes: for
    /// comparing with the database.
    fn list(&self, after: Option<&Location>) -> BoxStream<'_, Result<StoredBlob, StorageError>>;

    /// Removes temporary bytes that no upload in `live` names and that nobody
    /// touched for `older_than`.
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
