//! Uploads: begun, continued on any replica, finished or cancelled.

mod types;

pub use types::{BodyError, BodyStream, Chunk, InvalidUploadId, LinkBlob, Progress, UploadId};

use seawall_oci::{Algorithm, Digest};

use crate::{Blob, Content, ContentError};

impl Content {
    /// Begins an upload. `algorithm` is that of the digest that is going to
    /// finish it, as far as the client told; another one then costs one reading
    /// of the content.
    pub async fn start_upload(
        &self,
        scope: &str,
        algorithm: Algorithm,
    ) -> Result<UploadId, ContentError> {
        let _ = (scope, algorithm);
        todo!()
    }

    /// Adds a chunk. What came of an interrupted body is kept.
    pub async fn append(
        &self,
        id: UploadId,
        scope: &str,
        chunk: Chunk,
    ) -> Result<Progress, ContentError> {
        let _ = (id, scope, chunk);
        todo!()
    }

    /// Where the upload stands.
    pub async fn status(&self, id: UploadId, scope: &str) -> Result<Progress, ContentError> {
        let _ = (id, scope);
        todo!()
    }

    /// Discards the upload.
    pub async fn cancel(&self, id: UploadId, scope: &str) -> Result<(), ContentError> {
        let _ = (id, scope);
        todo!()
    }

    /// Adds the last chunk, which may be empty, and makes the content a blob:
    /// the bytes are durable, then one transaction writes the row and runs
    /// `link`. A caller that goes away cuts nothing in half. Repeating the
    /// request after it succeeded gives the same blob again.
    pub async fn finish(
        &self,
        id: UploadId,
        scope: &str,
        expected: &Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let _ = (id, scope, expected, chunk, link);
        todo!()
    }

    /// Begins and finishes an upload in one go.
    pub async fn push(
        &self,
        scope: &str,
        expected: &Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let _ = (scope, expected, chunk, link);
        todo!()
    }
}
