//! Blobs in a bucket of an S3-compatible object store.
//!
//! Start at `keys.rs` for the layout, `writer.rs` for an upload, `parts.rs` for the sizes of
//! its parts, `removal.rs` for the removal of many, `bucket.rs` for requests, deadlines and errors.

mod bucket;
mod keys;
mod parts;
mod removal;
mod writer;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use seawall_oci::{ByteRange, Digest};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use self::bucket::Bucket;
use self::keys::Marker;
use self::parts::Parts;
use self::writer::S3Writer;
use crate::{
    BlobBody, BlobStorage, Delivery, Location, S3Settings, StorageError, StoredBlob, SweepReport,
    UploadPlace, UploadState, UploadWriter,
};

/// Blobs in a bucket.
pub struct S3Storage {
    bucket: Arc<Bucket>,
    parts: Parts,
    redirect: bool,
    /// Bounds the memory of parts under way.
    turns: Arc<Semaphore>,
    turn_wait: Duration,
}

impl S3Storage {
    /// Prepares to speak to the bucket; sends nothing yet.
    ///
    /// # Errors
    /// [`StorageError::Misconfigured`].
    pub fn open(settings: &S3Settings) -> Result<Self, StorageError> {
        Ok(Self {
            bucket: Arc::new(Bucket::new(settings)?),
            parts: Parts {
                of_a_size: settings.parts_of_a_size,
            },
            redirect: settings.redirect,
            turns: Arc::new(Semaphore::new(settings.max_active_uploads.max(1))),
            turn_wait: settings.request_timeout,
        })
    }

    /// Removes all temporary objects of one upload, its parts first.
    async fn remove_upload(&self, name: &str) -> Result<(), StorageError> {
        match self.bucket.get(&keys::marker(name)).await {
            Ok(marker) => {
                if let Ok(marker) = serde_json::from_slice::<Marker>(&marker) {
                    self.bucket
                        .abort_multipart(&marker.key, &marker.multipart)
                        .await?;
                }
            }
            Err(StorageError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let folder = keys::folder(name);
        let keys: Vec<String> = self
            .bucket
            .list(&folder)
            .map_ok(|(key, _)| key)
            .try_collect()
            .await?;
        for key in keys {
            self.bucket.delete(&key).await?;
        }
        Ok(())
    }

    async fn remove_strays(
        &self,
        live: &HashSet<String>,
        older_than: Duration,
    ) -> Result<SweepReport, StorageError> {
        let before = SystemTime::now() - older_than;
        let mut young = HashSet::new();
        let mut found = HashSet::new();
        {
            let mut objects = std::pin::pin!(self.bucket.list(keys::UPLOADS));
            while let Some((key, object)) = objects.try_next().await? {
                let Some(name) = key.split('/').nth(1) else {
                    continue;
                };
                if live.contains(name) {
                    continue;
                }
                if SystemTime::from(object.last_modified) > before {
                    young.insert(name.to_owned());
                }
                found.insert(name.to_owned());
            }
        }
        let mut report = SweepReport::default();
        for name in found.difference(&young) {
            self.remove_upload(name).await?;
            report.stray_uploads += 1;
        }
        Ok(report)
    }
}

impl BlobStorage for S3Storage {
    fn is_shared(&self) -> bool {
        true
    }

    fn put(&self, digest: &Digest, bytes: Bytes) -> BoxFuture<'_, Result<Location, StorageError>> {
        let span = tracing::debug_span!("storage.publish", %digest, size = bytes.len());
        async move {
            let key = keys::fresh_blob();
            self.bucket.put(&key, bytes).await?;
            Location::parse(key).map_err(|error| StorageError::Misconfigured(error.to_string()))
        }
        .instrument(span)
        .boxed()
    }

    fn open(
        &self,
        state: UploadState,
        _length: Option<u64>,
    ) -> BoxFuture<'_, Result<Box<dyn UploadWriter>, StorageError>> {
        async move {
            let turn = Arc::clone(&self.turns).acquire_owned();
            let Ok(Ok(turn)) = tokio::time::timeout(self.turn_wait, turn).await else {
                return Err(StorageError::Busy);
            };
            let writer = S3Writer::open(Arc::clone(&self.bucket), self.parts, state, turn).await?;
            Ok(Box::new(writer) as Box<dyn UploadWriter>)
        }
        .boxed()
    }

    fn abort(&self, state: UploadState) -> BoxFuture<'_, Result<(), StorageError>> {
        async move {
            let Some(UploadPlace::Multipart(place)) = &state.place else {
                return Ok(());
            };
            self.remove_upload(&place.name).await?;
            // Completed by a process that died before it could write the row.
            self.bucket.delete(&place.key).await
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        location: &'a Location,
        range: ByteRange,
        delivery: Delivery,
    ) -> BoxFuture<'a, Result<BlobBody, StorageError>> {
        let span = tracing::debug_span!("storage.read", %location, size = range.length);
        async move {
            if self.redirect && delivery == Delivery::Anywhere {
                return Ok(BlobBody::Redirect(
                    self.bucket.presigned(location.as_str()).await?,
                ));
            }
            Ok(BlobBody::Stream {
                stream: self.bucket.stream(location.as_str(), range).await?,
                length: range.length,
            })
        }
        .instrument(span)
        .boxed()
    }

    fn stat<'a>(
        &'a self,
        location: &'a Location,
    ) -> BoxFuture<'a, Result<Option<u64>, StorageError>> {
        self.bucket.size(location.as_str()).boxed()
    }

    fn removals_at_once(&self) -> usize {
        removal::MAX_REMOVALS
    }

    fn remove(&self, locations: Vec<Location>) -> BoxFuture<'_, Vec<(Location, StorageError)>> {
        let span = tracing::debug_span!("storage.remove", blobs = locations.len());
        self.bucket.remove(locations).instrument(span).boxed()
    }

    fn list(&self, after: Option<&Location>) -> BoxStream<'_, Result<StoredBlob, StorageError>> {
        let after = after.map(Location::as_str);
        // In this order, which is that of their names.
        let ours = self.bucket.list_after(keys::BLOBS, after);
        let objects = ours.chain(self.bucket.list_after(keys::ADOPTED, after));
        objects
            .try_filter_map(|(key, object)| async move {
                let location = Location::parse(key).ok();
                Ok(location.map(|location| StoredBlob {
                    location,
                    size: object.size,
                    modified: object.last_modified.into(),
                }))
            })
            .boxed()
    }

    fn sweep<'a>(
        &'a self,
        live: &'a HashSet<String>,
        older_than: Duration,
    ) -> BoxFuture<'a, Result<SweepReport, StorageError>> {
        self.remove_strays(live, older_than).boxed()
    }
}
