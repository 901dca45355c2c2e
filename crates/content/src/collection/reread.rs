//! Reading blobs again at a bounded rate, to compare their digests.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use seawall_oci::{ByteRange, Hasher};
use seawall_storage::{BlobBody, Delivery, FileRange, StorageError};
use tokio_util::sync::CancellationToken;

use super::store::Row;
use crate::{Content, ContentError};

/// How much of a file is read at once.
const PIECE_BYTES: u64 = 256 * 1024;

/// Reads blobs and compares.
pub(super) struct Reread {
    per_second: Option<u64>,
    began: Instant,
    bytes: u64,
}

impl Reread {
    pub(super) fn new(per_second: Option<u64>) -> Self {
        Self {
            per_second,
            began: Instant::now(),
            bytes: 0,
        }
    }

    /// How many bytes were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a blob's bytes have its digest. `None` when it was stopped. What is not to be
    /// read, or has gone meanwhile, counts as sound.
    pub(super) async fn compare(
        &mut self,
        content: &Content,
        row: &Row,
        cancelled: &CancellationToken,
    ) -> Result<Option<bool>, ContentError> {
        let Some(rate) = self.per_second else {
            return Ok(Some(true));
        };
        let range = ByteRange::whole(row.size);
        let storage = &content.inner.storage;
        let body = match storage.read(&row.location, range, Delivery::Here).await {
            Err(StorageError::NotFound(_)) => return Ok(Some(true)),
            body => body?,
        };
        let mut hasher = Hasher::new(row.digest.algorithm());
        let mut source = Source::new(body);
        loop {
            if cancelled.is_cancelled() {
                return Ok(None);
            }
            let Some(piece) = source.next().await? else {
                break;
            };
            self.bytes += piece.len() as u64;
            let hashing = tokio::task::spawn_blocking(move || {
                hasher.update(&piece);
                hasher
            });
            hasher = hashing
                .await
                .map_err(|error| failure(std::io::Error::other(error)))?;
            self.rest(rate, cancelled).await;
        }
        Ok(Some(hasher.finish() == row.digest))
    }

    /// Waits until the bytes that were read are no more than the rate allows.
    async fn rest(&self, rate: u64, cancelled: &CancellationToken) {
        let due_ms = self.bytes.saturating_mul(1000) / rate.max(1);
        let ahead = Duration::from_millis(due_ms).saturating_sub(self.began.elapsed());
        if !ahead.is_zero() {
            cancelled
                .run_until_cancelled(tokio::time::sleep(ahead))
                .await;
        }
    }
}

/// The bytes of a blob, piece by piece.
enum Source {
    File { part: Arc<FileRange>, read: u64 },
    Stream(seawall_storage::ByteStream),
    Nothing,
}

impl Source {
    fn new(body: BlobBody) -> Self {
        match body {
            BlobBody::File(part) => Self::File {
                part: Arc::new(part),
                read: 0,
            },
            BlobBody::Stream { stream, .. } => Self::Stream(stream),
            BlobBody::Redirect(_) => Self::Nothing, // never when asked for the bytes here
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, ContentError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Stream(stream) => Ok(stream.try_next().await?),
            Self::File { part, read } => {
                let left = part.range.length - *read;
                if left == 0 {
                    return Ok(None);
                }
                let (part, start, length) = (
                    Arc::clone(part),
                    part.range.start + *read,
                    left.min(PIECE_BYTES),
                );
                *read += length;
                let reading = tokio::task::spawn_blocking(move || {
                    let mut piece = vec![0; usize::try_from(length).unwrap_or_default()];
                    part.file.read_exact_at(&mut piece, start)?;
                    Ok::<_, std::io::Error>(Bytes::from(piece))
                });
                let piece = reading
                    .await
                    .unwrap_or_else(|error| Err(std::io::Error::other(error)));
                Ok(Some(piece.map_err(failure)?))
            }
        }
    }
}

fn failure(source: std::io::Error) -> ContentError {
    let doing = "reading a blob again";
    ContentError::Storage(StorageError::Io { doing, source })
}
