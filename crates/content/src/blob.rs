//! Blobs: finding, reading, and keeping them for a while.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, TryStreamExt as _};
use seawall_database::{Timestamp, Tx};
use seawall_oci::{ByteRange, Digest};
use seawall_storage::{BlobBody, Delivery, FileRange, Location, StorageError};

use crate::{Content, ContentError, store};

/// Collection leaves a blob alone while its lease runs. One with this much of it left needs no
/// write that holds its row: no transaction takes as long, even if the clocks of two replicas
/// are minutes apart.
const UNLOCKED: Duration = Duration::from_mins(15);

/// A blob that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its name.
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// Where they lie.
    pub location: Location,
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
    /// The blob of this digest; cached. `None` when there is none.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<Blob>, ContentError> {
        let load = || async {
            let mut reader = self.inner.database.read().await?;
            let found = store::find_blob(&mut reader, digest).await?;
            // An error is not cached, and so what is missing is looked for each time.
            found.ok_or_else(|| ContentError::BlobUnknown(vec![digest.clone()]))
        };
        match self.inner.blobs.get_or_load(digest, load).await {
            Ok(blob) => Ok(Some(blob)),
            Err(ContentError::BlobUnknown(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether so much of the blob's lease is left that a promise needs no more: at least half.
    pub fn is_kept(&self, blob: &Blob) -> bool {
        blob.lease_until >= self.lease_half_over()
    }

    /// [`Self::blob`], and the promise to keep it for the lease: what a HEAD or
    /// a mount that says yes must call. Costs a transaction only when the lease
    /// is half over.
    pub async fn leased_blob(&self, digest: &Digest) -> Result<Option<Blob>, ContentError> {
        let Some(blob) = self.blob(digest).await? else {
            return Ok(None);
        };
        if self.is_kept(&blob) {
            return Ok(Some(blob));
        }
        let (content, wanted) = (self.clone(), digest.clone());
        let prolonged = self
            .inner
            .database
            .write(move |tx| {
                let (content, wanted) = (content.clone(), wanted.clone());
                async move { content.prolong(tx, &[wanted]).await }.boxed()
            })
            .await;
        match prolonged {
            Ok(_) => self.blob(digest).await,
            Err(ContentError::BlobUnknown(_)) => {
                self.inner.blobs.invalidate(digest);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The bytes of `range`, which must lie within the blob.
    ///
    /// # Errors
    /// [`ContentError::BlobUnknown`] when the bytes are gone: another replica
    /// has just deleted them.
    pub async fn open(
        &self,
        blob: &Blob,
        range: ByteRange,
        delivery: Delivery,
    ) -> Result<BlobBody, ContentError> {
        let storage = &self.inner.storage;
        let missing = || ContentError::BlobUnknown(vec![blob.digest.clone()]);
        match storage.read(&blob.location, range, delivery).await {
            Err(StorageError::NotFound(_)) => {}
            read => return Ok(read?),
        }
        // Deleted and pushed again elsewhere: it may lie at another place now.
        self.inner.blobs.invalidate(&blob.digest);
        let again = self.blob(&blob.digest).await?.ok_or_else(missing)?;
        match storage.read(&again.location, range, delivery).await {
            Err(StorageError::NotFound(_)) => {
                tracing::error!(digest = %blob.digest, location = %again.location, "a blob's bytes are missing");
                Err(missing())
            }
            read => Ok(read?),
        }
    }

    /// All bytes of a small blob, such as an image's configuration.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when it has more than `limit` bytes.
    pub async fn bytes(&self, blob: &Blob, limit: u64) -> Result<Bytes, ContentError> {
        if blob.size > limit {
            return Err(ContentError::TooLarge { limit });
        }
        match self
            .open(blob, ByteRange::whole(blob.size), Delivery::Here)
            .await?
        {
            BlobBody::File(part) => read_file(part).await,
            BlobBody::Stream { stream, .. } => {
                let capacity = usize::try_from(blob.size).unwrap_or(0);
                let whole = BytesMut::with_capacity(capacity);
                let whole = stream.try_fold(whole, |mut whole, piece| async move {
                    whole.extend_from_slice(&piece);
                    Ok(whole)
                });
                Ok(whole.await?.freeze())
            }
            BlobBody::Redirect(_) => Err(StorageError::NotFound(blob.location.to_string()).into()),
        }
    }

    /// Keeps blobs for the lease, inside the transaction that is about to refer
    /// to them. Gives them in the order asked for, without repeats.
    ///
    /// # Errors
    /// [`ContentError::BlobUnknown`] with those that are missing.
    pub async fn prolong(
        &self,
        tx: &mut Tx,
        digests: &[Digest],
    ) -> Result<Vec<Leased>, ContentError> {
        let (leased, written) =
            prolong_at(tx, digests, Timestamp::now(), self.settings().lease).await?;
        if !written.is_empty() {
            let blobs = self.inner.blobs.clone();
            tx.after_commit(move || written.iter().for_each(|digest| blobs.invalidate(digest)));
        }
        Ok(leased)
    }
}

/// [`Content::prolong`] for those who hold no [`Content`] inside a transaction.
/// A cached lease that is older than the row's does no harm.
pub async fn prolong(
    tx: &mut Tx,
    digests: &[Digest],
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Leased>, ContentError> {
    prolong_at(tx, digests, now, lease)
        .await
        .map(|(leased, _)| leased)
}

/// Gives the blobs, and those whose rows were written.
async fn prolong_at(
    tx: &mut Tx,
    digests: &[Digest],
    now: Timestamp,
    lease: Duration,
) -> Result<(Vec<Leased>, Vec<Digest>), ContentError> {
    let rows = store::find_blobs(tx, digests).await?;
    let found: HashMap<Digest, Blob> = rows
        .into_iter()
        .map(|blob| (blob.digest.clone(), blob))
        .collect();
    let mut seen = HashSet::new();
    let mut leased = Vec::with_capacity(found.len());
    let mut missing = Vec::new();
    let mut ending = Vec::new();
    for digest in digests.iter().filter(|digest| seen.insert(*digest)) {
        let Some(blob) = found.get(digest) else {
            missing.push(digest.clone());
            continue;
        };
        leased.push(Leased {
            digest: digest.clone(),
            size: blob.size,
        });
        if blob.lease_until < now.plus((lease / 2).max(UNLOCKED)) {
            ending.push(digest);
        }
    }
    let mut written = Vec::new();
    if missing.is_empty() && !ending.is_empty() {
        written = store::prolong(tx, &ending, now.plus(lease)).await?;
        let kept: HashSet<&Digest> = written.iter().collect();
        let lost = ending.iter().filter(|digest| !kept.contains(*digest));
        missing.extend(lost.map(|digest| (*digest).clone()));
    }
    if missing.is_empty() {
        Ok((leased, written))
    } else {
        Err(ContentError::BlobUnknown(missing))
    }
}

async fn read_file(part: FileRange) -> Result<Bytes, ContentError> {
    let reading = tokio::task::spawn_blocking(move || {
        let length = usize::try_from(part.range.length).map_err(std::io::Error::other)?;
        let mut bytes = vec![0; length];
        part.file.read_exact_at(&mut bytes, part.range.start)?;
        Ok::<_, std::io::Error>(Bytes::from(bytes))
    });
    let read = reading
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)));
    read.map_err(|source| {
        let doing = "reading a small blob";
        ContentError::Storage(StorageError::Io { doing, source })
    })
}
