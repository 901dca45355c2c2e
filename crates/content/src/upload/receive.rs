//! Taking in a body: the checks on its length and on the client's patience.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use seawall_storage::UploadWriter;

use super::types::{BodyStream, Chunk};
use crate::{ContentError, ContentSettings};

/// Bodies up to this size that arrive with the last request are kept in memory
/// and stored whole.
pub(crate) const SMALL_BYTES: u64 = 64 * 1024;

/// A chunk whose announcements were checked.
pub(crate) struct Incoming {
    body: BodyStream,
    /// How many bytes it must have, if that was announced.
    pub(crate) expected: Option<u64>,
    /// How many bytes it may have.
    limit: u64,
    max_blob_bytes: u64,
    patience: Duration,
    received: u64,
}

impl Incoming {
    /// Checks what a chunk says of itself against the upload's length so far.
    pub(crate) fn new(
        chunk: Chunk,
        offset: u64,
        settings: &ContentSettings,
    ) -> Result<Self, ContentError> {
        if let Some(range) = chunk.range {
            if range.start != offset {
                return Err(ContentError::OutOfOrder { offset });
            }
            if let Some(length) = chunk.length
                && length != range.length()
            {
                return Err(ContentError::SizeMismatch {
                    expected: range.length(),
                    actual: length,
                });
            }
        }
        let expected = chunk.range.map(|range| range.length()).or(chunk.length);
        let limit = settings.max_blob_bytes.saturating_sub(offset);
        if expected.unwrap_or(0) > limit {
            return Err(ContentError::TooLarge {
                limit: settings.max_blob_bytes,
            });
        }
        Ok(Self {
            body: chunk.body,
            expected,
            limit: expected.unwrap_or(limit),
            max_blob_bytes: settings.max_blob_bytes,
            patience: settings.body_timeout,
            received: 0,
        })
    }

    /// The next bytes, `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ContentError> {
        let waited = tokio::time::timeout(self.patience, self.body.next()).await;
        let next = waited.map_err(|_| ContentError::BodyTimeout {
            seconds: self.patience.as_secs(),
        })?;
        let Some(piece) = next.transpose().map_err(ContentError::BodyInterrupted)? else {
            return match self.expected {
                Some(expected) if expected != self.received => Err(ContentError::SizeMismatch {
                    expected,
                    actual: self.received,
                }),
                _ => Ok(None),
            };
        };
        self.received += piece.len() as u64;
        if self.received > self.limit {
            return Err(match self.expected {
                Some(expected) => ContentError::SizeMismatch {
                    expected,
                    actual: self.received,
                },
                None => ContentError::TooLarge {
                    limit: self.max_blob_bytes,
                },
            });
        }
        Ok(Some(piece))
    }

    /// Hands all bytes to a writer.
    pub(crate) async fn write_to(
        &mut self,
        writer: &mut dyn UploadWriter,
    ) -> Result<(), ContentError> {
        while let Some(piece) = self.next().await? {
            writer.write(piece).await?;
        }
        Ok(())
    }

    /// Whether the whole body may be kept in memory.
    pub(crate) fn is_small(&self) -> bool {
        self.expected
            .is_some_and(|expected| expected <= SMALL_BYTES)
    }

    /// All bytes of a small body; without a copy when they come in one piece.
    pub(crate) async fn collect(&mut self) -> Result<Bytes, ContentError> {
        let first = self.next().await?.unwrap_or_default();
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        let mut whole = BytesMut::with_capacity(first.len() + second.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

impl ContentError {
    /// Whether what came before the error is worth keeping: the client went
    /// away, but did nothing wrong.
    pub(crate) fn keeps_bytes(&self) -> bool {
        matches!(self, Self::BodyInterrupted(_) | Self::BodyTimeout { .. })
    }

    /// Whether the upload is beyond repair.
    pub(crate) fn ends_upload(&self) -> bool {
        match self {
            Self::UploadUnknown | Self::DigestMismatch { .. } => true,
            Self::Storage(error) => !error.is_retryable(),
            _ => false,
        }
    }
}
