//! What can go wrong with content, in the terms in which surfaces answer.

use seawall_database::{DatabaseError, TransactionError};
use seawall_oci::Digest;
use seawall_storage::StorageError;

use crate::BodyError;

/// Why an operation on content failed.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// No such upload in this scope: never begun, cancelled, expired or lost.
    /// 404 `BLOB_UPLOAD_UNKNOWN`.
    #[error("the upload is not known; begin it anew")]
    UploadUnknown,
    /// A chunk does not begin where the upload stands. 416 with the range so far.
    #[error("the chunk does not begin at the upload's end, {offset}")]
    OutOfOrder {
        /// How many bytes the upload has.
        offset: u64,
    },
    /// A body that is longer or shorter than it said. 400 `SIZE_INVALID`.
    #[error("the body has {actual} bytes where {expected} were announced")]
    SizeMismatch {
        /// What was announced.
        expected: u64,
        /// What came.
        actual: u64,
    },
    /// More bytes than a blob may have. 413 `SIZE_INVALID`.
    #[error("a blob may have {limit} bytes at most")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The content is not what its digest says; the upload is discarded. 400 `DIGEST_INVALID`.
    #[error("the content's digest is {actual}, not {expected}")]
    DigestMismatch {
        /// What the client said.
        expected: Digest,
        /// What the content has.
        actual: String,
    },
    /// Blobs that do not exist or are being deleted. 404 `BLOB_UNKNOWN`.
    #[error("blobs are not known: {}", list(.0))]
    BlobUnknown(Vec<Digest>),
    /// Too many unfinished uploads, or too many active ones. 503 with Retry-After.
    #[error("too many uploads are in progress")]
    TooManyUploads,
    /// Another request writes this upload and does not end. 409.
    #[error("another request is writing this upload")]
    UploadBusy,
    /// A later request took the upload over, or it was cancelled meanwhile. 409.
    #[error("the upload was taken over by another request")]
    TakenOver,
    /// The body ended before its time. What came before is kept. 400; mostly
    /// nobody is there to read it.
    #[error("the body was cut off: {0}")]
    BodyInterrupted(BodyError),
    /// The client was silent for too long. What came before is kept. 408.
    #[error("no bytes came for {seconds} s")]
    BodyTimeout {
        /// How long.
        seconds: u64,
    },
    /// The link refused: a quota, for example. The error is the link's own.
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    /// The storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn list(digests: &[Digest]) -> String {
    let shown: Vec<&str> = digests.iter().take(5).map(Digest::as_str).collect();
    shown.join(", ")
}

impl From<StorageError> for ContentError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::UploadLost => Self::UploadUnknown,
            StorageError::Busy => Self::TooManyUploads,
            error => Self::Storage(error),
        }
    }
}

impl TransactionError for ContentError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The database failed; the transaction may run again.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The blob must not be linked. Comes back as [`ContentError::Refused`].
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
}

impl From<LinkError> for ContentError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Database(error) => Self::Database(error),
            LinkError::Refused(error) => Self::Refused(error),
        }
    }
}
