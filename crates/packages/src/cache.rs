//! What was fetched before, on disk: content by its digest, and signed documents by their address.
//!
//! Nothing here is trusted either: content is hashed again each time it is used, and one that no longer
//! is what it was is forgotten. Documents are checked by whoever asks for them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use seawall_oci::Digest;

use crate::fetch::{Fetch, FetchError};

/// A folder of what was fetched.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// Why content was not given.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It has another length than it should.
    #[error("{url} has {found} bytes, and {expected} were promised")]
    Size {
        /// The address.
        url: String,
        /// The length that was promised.
        expected: u64,
        /// The length that it has.
        found: u64,
    },
    /// It is not what it should be.
    #[error("{url} is {found}, and {expected} was promised")]
    Digest {
        /// The address.
        url: String,
        /// The digest that was promised.
        expected: Digest,
        /// The digest that it has.
        found: Digest,
    },
    /// The folder cannot be written.
    #[error("the cache {path}: {error}")]
    Folder {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Cache {
    /// Uses a folder, which is made when something is put there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Content of a known digest and length: from the folder, or else fetched, checked and kept.
    pub fn content(
        &self,
        url: &str,
        digest: &Digest,
        size: u64,
        fetch: &dyn Fetch,
    ) -> Result<Bytes, CacheError> {
        if let Some(content) = self.known(digest, size) {
            return Ok(content);
        }
        let content = match fetch.fetch(url, size) {
            Err(FetchError::TooLarge { url, limit }) => {
                return Err(CacheError::Size {
                    url,
                    expected: limit,
                    found: limit.saturating_add(1),
                });
            }
            content => content?,
        };
        if content.len() as u64 != size {
            return Err(CacheError::Size {
                url: url.to_owned(),
                expected: size,
                found: content.len() as u64,
            });
        }
        let found = Digest::of(digest.algorithm(), &content);
        if found != *digest {
            return Err(CacheError::Digest {
                url: url.to_owned(),
                expected: digest.clone(),
                found,
            });
        }
        self.keep(&self.path(digest), &content)?;
        Ok(content)
    }

    /// A document whose content is not known in advance: fetched; as it was when it was last fetched
    /// only where the network may not be asked.
    pub fn document(&self, url: &str, limit: u64, fetch: &dyn Fetch) -> Result<Bytes, CacheError> {
        let name = Digest::sha256(url.as_bytes());
        let path = self.folder.join("documents").join(name.hex());
        match fetch.fetch(url, limit) {
            Ok(content) => {
                self.keep(&path, &content)?;
                Ok(content)
            }
            Err(FetchError::Offline { url }) => match fs::read(&path) {
                Ok(content) if content.len() as u64 <= limit => Ok(content.into()),
                _ => Err(FetchError::Offline { url }.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps content that somebody checked, and gives its digest.
    pub fn put(&self, content: &[u8]) -> Result<Digest, CacheError> {
        let digest = Digest::sha256(content);
        self.keep(&self.path(&digest), content)?;
        Ok(digest)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let folder = self.folder.join(digest.algorithm().as_str());
        folder.join(&digest.hex()[..2]).join(digest.hex())
    }

    fn known(&self, digest: &Digest, size: u64) -> Option<Bytes> {
        let path = self.path(digest);
        if fs::metadata(&path).ok()?.len() == size {
            let content: Bytes = fs::read(&path).ok()?.into();
            if Digest::of(digest.algorithm(), &content) == *digest {
                return Some(content);
            }
        }
        // It was damaged; if it cannot be removed it is replaced when it was fetched.
        let _ = fs::remove_file(&path);
        None
    }

    /// Writes a file whole or not at all.
    fn keep(&self, path: &Path, content: &[u8]) -> Result<(), CacheError> {
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(content)?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| CacheError::Folder {
            path: path.to_owned(),
            error,
        })
    }
}
