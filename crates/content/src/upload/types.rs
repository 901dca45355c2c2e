//! The words of uploads.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use seawall_database::Tx;
use seawall_oci::ChunkRange;
use uuid::Uuid;

use crate::{Blob, LinkError};

/// Names an upload. Random, so that nobody guesses another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(Uuid);

impl UploadId {
    /// A fresh one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A text that names no upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an upload")]
pub struct InvalidUploadId;

impl FromStr for UploadId {
    type Err = InvalidUploadId;

    /// Takes the one form that [`fmt::Display`] gives.
    fn from_str(text: &str) -> Result<Self, InvalidUploadId> {
        let hyphenated = text.len() == 36;
        let id = Uuid::try_parse(text).map_err(|_| InvalidUploadId)?;
        hyphenated.then_some(Self(id)).ok_or(InvalidUploadId)
    }
}

/// What a body's transport said when it broke.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The pieces of a body as they come.
pub type BodyStream = BoxStream<'static, Result<Bytes, BodyError>>;

/// Bytes for an upload, on their way.
pub struct Chunk {
    /// Where they belong, if the client said so.
    pub range: Option<ChunkRange>,
    /// How many they are, if the client said so.
    pub length: Option<u64>,
    /// The bytes.
    pub body: BodyStream,
}

impl Chunk {
    /// A chunk of a body of any kind of error.
    pub fn new<S, E>(range: Option<ChunkRange>, length: Option<u64>, body: S) -> Self
    where
        S: futures_util::Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BodyError> + 'static,
    {
        Self {
            range,
            length,
            body: body.map_err(Into::into).boxed(),
        }
    }

    /// No bytes at all.
    pub fn empty() -> Self {
        Self::from_bytes(Bytes::new())
    }

    /// Bytes that are in memory.
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self {
            range: None,
            length: Some(bytes.len() as u64),
            body: futures_util::stream::iter([Ok(bytes)]).boxed(),
        }
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes are stored. The next chunk begins there.
    pub offset: u64,
}

/// What a finished upload's blob is linked to. Runs in the transaction that
/// makes the blob, and perhaps more than once: statements only.
pub type LinkBlob =
    Arc<dyn for<'t> Fn(&'t mut Tx, &'t Blob) -> BoxFuture<'t, Result<(), LinkError>> + Send + Sync>;
