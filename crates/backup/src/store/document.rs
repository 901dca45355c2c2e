//! Compressed JSON files: one value, compact, a newline, gzip.
//!
//! A list that is `null` is an empty one, and whoever reads says how large a file may become.

use std::io::{self, Read};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{ReadError, read};
use crate::go_json;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is not gzip, or ends too early.
    #[error("decompress {what}: {source}")]
    Compression {
        /// Which file.
        what: &'static str,
        /// What went wrong.
        source: io::Error,
    },
    /// It is larger than the reader takes.
    #[error("{what} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// Which file.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] ReadError),
}

/// The bytes of the file that holds `value`.
pub fn write<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    go_json::encode(&mut encoder, value)?;
    encoder.finish()
}

/// The bytes of a file that holds a list; an empty one is `null`, as a list that Go never made.
pub fn write_list<T: Serialize>(values: &[T]) -> io::Result<Vec<u8>> {
    if values.is_empty() {
        write(&())
    } else {
        write(values)
    }
}

/// Reads the value of a file of at most `limit_bytes` once decompressed. `what` names it in errors;
/// `null` is the value that there is when nothing was set.
pub fn read_from<T: DeserializeOwned + Default>(
    what: &'static str,
    source: impl Read,
    limit_bytes: u64,
) -> Result<T, DocumentError> {
    let mut text = Vec::new();
    MultiGzDecoder::new(source)
        .take(limit_bytes.saturating_add(1))
        .read_to_end(&mut text)
        .map_err(|source| DocumentError::Compression { what, source })?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit_bytes {
        return Err(DocumentError::TooLarge { what, limit_bytes });
    }
    if text.trim_ascii() == b"null" {
        return Ok(T::default());
    }
    Ok(read(what, &text)?)
}
