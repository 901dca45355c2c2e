//! The whole on-disk layout of the local storage, in one file.
//!
//! ```text
//! <root>/docker/registry/v2/blobs/sha256/ab/<hex>/data           a blob that the CNCF distribution registry wrote
//! <root>/docker/registry/v2/blobs/sha256/ab/<hex>/data-<uuid>    a blob of ours
//! <root>/_uploads/<uuid>                                         bytes of unfinished uploads
//! ```
//! The same folders as the distribution registry's, so that its blobs are taken over where they lie, and a
//! name of its own for each publication, so that a removal never hits a later one.
//! Every path is made here, from a validated digest, a validated location or a
//! fresh UUID; no path of a client gets this far.

use std::path::{Path, PathBuf};

use seawall_oci::{Algorithm, Digest};

use crate::{Location, StorageError};

/// Where blobs begin, below the root.
pub(super) const BLOBS: &str = "docker/registry/v2/blobs";

/// How the files of blobs begin.
pub(super) const DATA: &str = "data";

/// The paths under one root.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join("_uploads")
    }

    pub(super) fn blobs(&self, algorithm: Algorithm) -> PathBuf {
        self.root.join(BLOBS).join(algorithm.as_str())
    }

    pub(super) fn path(&self, location: &Location) -> PathBuf {
        self.root.join(location.as_str())
    }

    /// Where one publication of a blob goes; no other ever goes there.
    pub(super) fn fresh_location(digest: &Digest) -> Result<Location, StorageError> {
        let (algorithm, hex) = (digest.algorithm(), digest.hex());
        let name = Self::fresh_name();
        let text = format!("{BLOBS}/{algorithm}/{}/{hex}/{DATA}-{name}", &hex[..2]);
        Location::parse(text).map_err(|error| StorageError::Misconfigured(error.to_string()))
    }

    /// The file of an upload. The name comes from the upload's row.
    pub(super) fn upload(&self, name: &str) -> Result<PathBuf, StorageError> {
        let uuid = uuid::Uuid::try_parse(name).map_err(|_| StorageError::UploadLost)?;
        Ok(self.uploads().join(uuid.simple().to_string()))
    }

    pub(super) fn fresh_name() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }
}
