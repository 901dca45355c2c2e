//! The writing end of an upload to an object store: a multipart upload straight
//! to the final key, one part in memory at a time. What is less than a part
//! rests in a temporary object between requests, so that any replica can go on.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryStreamExt as _};
use seawall_oci::{ByteRange, Digest, Hasher};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

use super::bucket::Bucket;
use super::keys::{self, Marker};
use super::parts::{MAX_PARTS, Parts};
use crate::upload_state::MultipartPlace;
use crate::{Durability, Location, StorageError, UploadPlace, UploadState, UploadWriter};

pub(super) struct S3Writer {
    bucket: Arc<Bucket>,
    parts: Parts,
    /// Empty only while another thread hashes.
    hasher: Option<Hasher>,
    offset: u64,
    place: MultipartPlace,
    /// What is not sent yet, always less than a part between two calls.
    buffer: BytesMut,
    /// How much of the buffer is hashed.
    hashed: usize,
    /// Whether the parts have become one object.
    complete: bool,
    _turn: OwnedSemaphorePermit,
}

impl S3Writer {
    pub(super) async fn open(
        bucket: Arc<Bucket>,
        parts: Parts,
        state: UploadState,
        turn: OwnedSemaphorePermit,
    ) -> Result<Self, StorageError> {
        let hasher = Some(state.hasher()?);
        let place = match state.place {
            Some(UploadPlace::Multipart(place)) => place,
            None => MultipartPlace {
                name: keys::fresh_name(),
                key: keys::fresh_blob(),
                multipart: None,
                parts: Vec::new(),
                tail: None,
                stale_tail: None,
                tail_length: 0,
            },
            Some(UploadPlace::File(_)) => {
                return Err(StorageError::Misconfigured(
                    "an upload began locally and cannot go on on an object store".to_owned(),
                ));
            }
        };
        let mut buffer = BytesMut::new();
        if let Some(tail) = &place.tail {
            let found = match bucket.get(tail).await {
                Err(StorageError::NotFound(_)) => return Err(StorageError::UploadLost),
                found => found?,
            };
            if found.len() as u64 != place.tail_length {
                return Err(StorageError::UploadLost);
            }
            buffer.reserve(parts.size(place.parts.len()));
            buffer.extend_from_slice(&found);
        }
        Ok(Self {
            bucket,
            parts,
            hasher,
            offset: state.offset,
            place,
            hashed: buffer.len(),
            buffer,
            complete: false,
            _turn: turn,
        })
    }

    async fn take_in(&mut self, mut bytes: Bytes) -> Result<(), StorageError> {
        while !bytes.is_empty() {
            let missing = self.parts.size(self.place.parts.len()) - self.buffer.len();
            if self.buffer.len() + bytes.len() > 64 * 1024 {
                self.buffer.reserve(missing);
            }
            let piece = bytes.split_to(bytes.len().min(missing));
            self.buffer.extend_from_slice(&piece);
            self.offset += piece.len() as u64;
            if piece.len() == missing {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    /// Sends the buffer as the next part, and hashes it meanwhile.
    async fn send_part(&mut self) -> Result<(), StorageError> {
        if self.place.parts.len() >= MAX_PARTS {
            return Err(StorageError::Full {
                doing: "sending more parts than an object can have",
            });
        }
        let multipart = match &self.place.multipart {
            Some(multipart) => multipart.clone(),
            None => self.begin_multipart().await?,
        };
        let part = std::mem::take(&mut self.buffer).freeze();
        let unhashed = part.slice(self.hashed..);
        self.hashed = 0;
        let hasher = self.hasher.take().ok_or(StorageError::UploadLost)?;
        let number = self.place.parts.len();
        let sending = self
            .bucket
            .put_part(&self.place.key, &multipart, number, part);
        let (hasher, name) = futures_util::future::join(hash(hasher, unhashed), sending).await;
        self.hasher = Some(hasher?);
        self.place.parts.push(name?);
        Ok(())
    }

    /// Begins the multipart upload, and leaves a marker by which a sweep finds
    /// its parts if this process dies before a row names them.
    async fn begin_multipart(&mut self) -> Result<String, StorageError> {
        let multipart = self.bucket.create_multipart(&self.place.key).await?;
        let marker = Marker {
            key: self.place.key.clone(),
            multipart: multipart.clone(),
        };
        self.place.multipart = Some(multipart.clone());
        self.bucket
            .put(&keys::marker(&self.place.name), marker.to_bytes())
            .await?;
        Ok(multipart)
    }

    async fn hash_buffer(&mut self) -> Result<Hasher, StorageError> {
        let hasher = self.hasher.take().ok_or(StorageError::UploadLost)?;
        let buffer = std::mem::take(&mut self.buffer).freeze();
        let hasher = hash(hasher, buffer.slice(self.hashed..)).await?;
        self.hashed = buffer.len();
        self.buffer = BytesMut::from(buffer);
        self.hasher = Some(hasher.clone());
        Ok(hasher)
    }

    async fn rest(mut self) -> Result<UploadState, StorageError> {
        let hasher = self.hash_buffer().await?;
        if self.offset == 0 {
            return Ok(UploadState::new(hasher.algorithm()));
        }
        // The row that names the present tail is written; nobody needs the one before.
        self.remove(self.place.stale_tail.as_slice()).await;
        let mut place = self.place.clone();
        place.stale_tail = place.tail.take();
        place.tail_length = self.buffer.len() as u64;
        if !self.buffer.is_empty() {
            let tail = keys::fresh_tail(&place.name);
            let buffer = std::mem::take(&mut self.buffer).freeze();
            self.bucket.put(&tail, buffer).await?;
            place.tail = Some(tail);
        }
        let place = Some(UploadPlace::Multipart(place));
        Ok(UploadState::resting(
            self.offset,
            &hasher,
            Durability::Machine,
            place,
        ))
    }

    async fn finish(mut self, expected: Digest) -> Result<Location, StorageError> {
        let hasher = self.hash_buffer().await?;
        let same_algorithm = hasher.algorithm() == expected.algorithm();
        if same_algorithm
            && let actual = hasher.finish()
            && actual != expected
        {
            self.give_up().await;
            return Err(mismatch(&actual));
        }
        if self.place.multipart.is_some() {
            if !self.buffer.is_empty() {
                self.send_part().await?;
            }
            let parts = self.place.parts.clone();
            let multipart = self
                .place
                .multipart
                .as_ref()
                .ok_or(StorageError::UploadLost)?;
            let key = &self.place.key;
            self.bucket
                .complete_multipart(key, multipart, parts, self.offset)
                .await?;
        } else {
            let buffer = std::mem::take(&mut self.buffer).freeze();
            self.bucket.put(&self.place.key, buffer).await?;
        }
        self.complete = true;
        if !same_algorithm {
            let actual = self.read_back(&expected).await?;
            if actual != expected {
                self.give_up().await;
                self.bucket.delete(&self.place.key).await?;
                return Err(mismatch(&actual));
            }
        }
        self.remove_temporary_objects().await;
        Location::parse(self.place.key.as_str())
            .map_err(|error| StorageError::Misconfigured(error.to_string()))
    }

    /// Hashes the published object by another algorithm than the upload's.
    async fn read_back(&self, expected: &Digest) -> Result<Digest, StorageError> {
        let range = ByteRange::whole(self.offset);
        let mut stream = self.bucket.stream(&self.place.key, range).await?;
        let mut hasher = Hasher::new(expected.algorithm());
        while let Some(piece) = stream.try_next().await? {
            hasher = hash(hasher, piece).await?;
        }
        Ok(hasher.finish())
    }

    /// The marker and the tails that this writer knows. What a writer that died
    /// left besides is found by its upload's name when that is swept.
    async fn remove_temporary_objects(&self) {
        let place = &self.place;
        if place.multipart.is_some() {
            self.remove(&[keys::marker(&place.name)]).await;
        }
        self.remove(place.tail.as_slice()).await;
        self.remove(place.stale_tail.as_slice()).await;
    }

    async fn remove(&self, keys: &[String]) {
        for key in keys {
            if let Err(error) = self.bucket.delete(key).await {
                tracing::warn!(%error, key, "a temporary object stays behind");
            }
        }
    }

    async fn give_up(&self) {
        if !self.complete
            && let Some(multipart) = &self.place.multipart
            && let Err(error) = self
                .bucket
                .abort_multipart(&self.place.key, multipart)
                .await
        {
            tracing::warn!(%error, "parts of an upload stay behind until a sweep");
            return; // the marker leads the sweep to them
        }
        self.remove_temporary_objects().await;
    }
}

impl UploadWriter for S3Writer {
    fn offset(&self) -> u64 {
        self.offset
    }

    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), StorageError>> {
        self.take_in(bytes).boxed()
    }

    fn checkpoint(
        self: Box<Self>,
        _durability: Durability,
    ) -> BoxFuture<'static, Result<UploadState, StorageError>> {
        let span = tracing::debug_span!("storage.checkpoint", size = self.offset);
        self.rest().instrument(span).boxed()
    }

    fn publish(
        self: Box<Self>,
        expected: Digest,
    ) -> BoxFuture<'static, Result<Location, StorageError>> {
        let span = tracing::debug_span!("storage.publish", digest = %expected, size = self.offset);
        self.finish(expected).instrument(span).boxed()
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move { self.give_up().await }.boxed()
    }
}

fn mismatch(actual: &Digest) -> StorageError {
    StorageError::DigestMismatch {
        actual: actual.to_string(),
    }
}

/// Hashes off the threads that serve connections, when it is worth the trip.
async fn hash(mut hasher: Hasher, bytes: Bytes) -> Result<Hasher, StorageError> {
    if bytes.len() <= 64 * 1024 {
        hasher.update(&bytes);
        return Ok(hasher);
    }
    let hashing = tokio::task::spawn_blocking(move || {
        hasher.update(&bytes);
        hasher
    });
    hashing.await.map_err(|error| StorageError::Unavailable {
        doing: "hashing a part",
        reason: error.to_string(),
    })
}
