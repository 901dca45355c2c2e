//! Why an image could not be opened.

use std::io;
use std::path::PathBuf;

use seawall_oci::Digest;
use seawall_registry_client::TransferError;

/// Why an image could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What was given names no image.
    #[error("{0}")]
    Location(String),
    /// There is none, or none for this platform.
    #[error("{0}")]
    Absent(String),
    /// It is there, and not an image as the formats have it.
    #[error("{0}")]
    Malformed(String),
    /// It was made to hurt, or is larger than what is taken.
    #[error("refused: {0}")]
    Refused(String),
    /// Bytes are not what they are called.
    #[error("{what}: its bytes are {found}, not {expected}")]
    WrongDigest {
        /// Which blob.
        what: String,
        /// What it is called.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A file or folder cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A blob cannot be read, or a temporary file not written.
    #[error("{what}: {error}")]
    Read {
        /// What was read.
        what: String,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// A registry did not give it.
    #[error(transparent)]
    Registry(#[from] TransferError),
    /// The daemon did not give it.
    #[error("{0}")]
    Daemon(String),
}

impl SourceError {
    pub(crate) fn read(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Read { what, error }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
