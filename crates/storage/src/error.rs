//! What can go wrong with stored bytes, in the terms in which callers act on it.

use std::io;

/// Why a storage operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No room: the disk, the quota of the file system, or the reserve of free
    /// space. Answered 507 or 503; nothing helps but space.
    #[error("{doing}: no space is left for blobs")]
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// The storage does not answer, or answers with errors, and retries did not
    /// help. Answered 503; a later attempt may succeed.
    #[error("{doing}: the blob storage is not available: {reason}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the storage said.
        reason: String,
    },
    /// Too many pushes at once. Answered 503 with Retry-After.
    #[error("too many uploads are in progress")]
    Busy,
    /// No bytes at the location.
    #[error("there are no bytes at {0}")]
    NotFound(String),
    /// The upload's temporary bytes are gone, or fewer than its state says: it
    /// cannot be continued and must be started anew.
    #[error("the upload's bytes are gone")]
    UploadLost,
    /// The content has another digest than was expected of it.
    #[error("the content's digest is {actual}")]
    DigestMismatch {
        /// The digest that the content has.
        actual: String,
    },
    /// Settings that cannot work, or a state that belongs to another kind of storage.
    #[error("the blob storage is not set up properly: {0}")]
    Misconfigured(String),
    /// The file system refused. The upload that met it has failed for good: a
    /// failed fsync is never tried again, since the kernel may have dropped the
    /// pages that it could not write.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

impl StorageError {
    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Busy)
    }

    /// Sorts an error of the operating system.
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { doing },
            _ => Self::Io { doing, source },
        }
    }
}
