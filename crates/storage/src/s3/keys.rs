//! The whole layout of a bucket, in one file.
//!
//! ```text
//! blobs/ab/<uuid>                   blobs, at random keys: S3 cannot rename, and the digest comes last
//! docker/registry/v2/blobs/…        blobs of a CNCF distribution registry that were taken over
//! _uploads/<name>/marker            names a multipart upload in progress
//! _uploads/<name>/tail-<uuid>       the last bytes of a resting upload, less than a part
//! ```
//! All below the prefix of the settings. Blobs that another registry wrote keep
//! the keys that they have.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The folder of temporary objects.
pub(super) const UPLOADS: &str = "_uploads";

/// The folder of blobs.
pub(super) const BLOBS: &str = "blobs";

/// The folder of blobs that a CNCF distribution registry wrote.
pub(super) const ADOPTED: &str = "docker/registry/v2/blobs";

/// What a sweep needs to abort a multipart upload that no row names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) key: String,
    pub(super) multipart: String,
}

impl Marker {
    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

pub(super) fn fresh_name() -> String {
    Uuid::new_v4().simple().to_string()
}

pub(super) fn fresh_blob() -> String {
    let name = fresh_name();
    format!("{BLOBS}/{}/{name}", &name[..2])
}

pub(super) fn folder(name: &str) -> String {
    format!("{UPLOADS}/{name}")
}

pub(super) fn marker(name: &str) -> String {
    format!("{UPLOADS}/{name}/marker")
}

pub(super) fn fresh_tail(name: &str) -> String {
    format!("{UPLOADS}/{name}/tail-{}", Uuid::new_v4().simple())
}
