//! The gzip members of an index or a package, each as its compressed and its unpacked bytes. What is
//! signed and hashed are the compressed ones.

use std::io::Read;

use bytes::Bytes;

use crate::archive::ArchiveError;

/// A member.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) packed: Bytes,
    pub(super) unpacked: Bytes,
}

/// The first member, and what follows it.
pub(super) fn first(bytes: &Bytes, limit: u64) -> Result<(Segment, Bytes), ArchiveError> {
    let mut decoder = flate2::bufread::GzDecoder::new(bytes.as_ref());
    let mut unpacked = Vec::new();
    decoder
        .by_ref()
        .take(limit.saturating_add(1))
        .read_to_end(&mut unpacked)
        .map_err(|error| ArchiveError::broken("gzip", error.to_string()))?;
    if unpacked.len() as u64 > limit {
        return Err(ArchiveError::TooLarge { limit });
    }
    let rest = decoder.into_inner().len();
    let end = bytes.len() - rest;
    let segment = Segment {
        packed: bytes.slice(..end),
        unpacked: unpacked.into(),
    };
    Ok((segment, bytes.slice(end..)))
}
