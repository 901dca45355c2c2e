//! A stored blob on its way out.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use seawall_oci::ByteRange;

use crate::StorageError;

/// Pieces of content in order.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// A part of an open file. The file's own position means nothing: read with
/// `pread` or `sendfile` at explicit offsets.
#[derive(Clone, Debug)]
pub struct FileRange {
    /// The open file, perhaps shared with other readers.
    pub file: Arc<File>,
    /// Which part of it is asked for.
    pub range: ByteRange,
}

/// How a blob's bytes reach the client; the storage decides.
pub enum BlobBody {
    /// From an open file, by `sendfile` where the connection allows it.
    File(FileRange),
    /// Through this process.
    Stream {
        /// The bytes of the range.
        stream: ByteStream,
        /// How many they are.
        length: u64,
    },
    /// From elsewhere: a presigned URL for a 307 answer. A secret until it
    /// expires: never log it.
    Redirect(String),
}
