//! A layer's bytes: their digest compared, unpacked into a temporary file under limits, and their
//! digest unpacked (the diff id).

use std::fs::File;
use std::io::{self, Read, Write as _};

use flate2::read::MultiGzDecoder;
use seawall_oci::{Algorithm, Descriptor, Digest, Hasher};

use crate::slice::Slice;
use crate::{Limits, SourceError};

/// How a layer is packed, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Packing {
    fn of(beginning: &[u8]) -> Self {
        if beginning.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if beginning.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::Plain
        }
    }

    /// What a layer's media type says; none if it is no layer's.
    pub fn named(media_type: &str) -> Option<Self> {
        let tar = media_type.contains("layer") && media_type.contains("tar")
            || media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip";
        if !tar {
            return None;
        }
        Some(if media_type.ends_with("gzip") {
            Self::Gzip
        } else if media_type.ends_with("zstd") {
            Self::Zstd
        } else {
            Self::Plain
        })
    }
}

/// A layer unpacked.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) tar: Slice,
    pub(crate) diff_id: Digest,
    pub(crate) packing: Packing,
}

/// How large a zstd window may be: 128 MiB, as the format's own tools take without asking.
const WINDOW_LOG: u32 = 27;

/// Reads and hashes all bytes that pass.
struct Hashing<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Compares a blob with its digest, where it has one to keep.
pub(crate) fn verify(blob: &Slice, expected: &Digest) -> Result<(), SourceError> {
    let mut reader = Hashing {
        inner: blob.reader(),
        hasher: Hasher::new(expected.algorithm()),
    };
    io::copy(&mut reader, &mut io::sink()).map_err(SourceError::read(expected.as_str()))?;
    let found = reader.hasher.finish();
    if found == *expected {
        return Ok(());
    }
    Err(SourceError::WrongDigest {
        what: "a blob".to_owned(),
        expected: expected.clone(),
        found,
    })
}

/// Unpacks a layer. `room` is how many bytes all layers may still have, and is lessened.
pub(crate) fn unpack(
    blob: &Slice,
    descriptor: Option<&Descriptor>,
    limits: &Limits,
    room: &mut u64,
) -> Result<Unpacked, SourceError> {
    let name = descriptor.map_or_else(
        || "a layer".to_owned(),
        |descriptor| format!("the layer {}", descriptor.digest),
    );
    if let Some(descriptor) = descriptor {
        if descriptor.size != blob.length() {
            return Err(SourceError::Refused(format!(
                "{name} has {} bytes, where the manifest says {}",
                blob.length(),
                descriptor.size
            )));
        }
        verify(blob, &descriptor.digest)?;
    }
    let beginning = blob.beginning(4).map_err(SourceError::read(&name))?;
    let packing = Packing::of(&beginning);
    let unread = |error| SourceError::Read {
        what: name.clone(),
        error,
    };
    let (tar, diff_id) = match packing {
        Packing::Plain => {
            *room = room
                .checked_sub(blob.length())
                .ok_or_else(|| too_much(&name))?;
            let mut reader = Hashing {
                inner: blob.reader(),
                hasher: Hasher::new(Algorithm::Sha256),
            };
            io::copy(&mut reader, &mut io::sink()).map_err(unread)?;
            (blob.clone(), reader.hasher.finish())
        }
        Packing::Gzip => {
            let reader = MultiGzDecoder::new(io::BufReader::new(blob.reader()));
            spool(reader, blob.length(), &name, limits, room)?
        }
        Packing::Zstd => {
            let mut reader = zstd::stream::read::Decoder::new(blob.reader()).map_err(unread)?;
            reader.window_log_max(WINDOW_LOG).map_err(unread)?;
            spool(reader, blob.length(), &name, limits, room)?
        }
    };
    Ok(Unpacked {
        tar,
        diff_id,
        packing,
    })
}

fn too_much(name: &str) -> SourceError {
    SourceError::Refused(format!("{name} unpacks to more than is taken of an image"))
}

fn spool(
    mut reader: impl Read,
    packed: u64,
    name: &str,
    limits: &Limits,
    room: &mut u64,
) -> Result<(Slice, Digest), SourceError> {
    let mut file: File = tempfile::tempfile().map_err(SourceError::read("a temporary file"))?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 128 << 10];
    let mut total = 0_u64;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(SourceError::read(name)(error)),
        };
        *room = room
            .checked_sub(count as u64)
            .ok_or_else(|| too_much(name))?;
        total += count as u64;
        if total > limits.ratio_from_bytes && total / limits.ratio.max(1) > packed {
            return Err(SourceError::Refused(format!(
                "{name} unpacks to more than {} times its size",
                limits.ratio
            )));
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        hasher.update(bytes);
        file.write_all(bytes)
            .map_err(SourceError::read("a temporary file"))?;
    }
    let slice = Slice::whole(file).map_err(SourceError::read("a temporary file"))?;
    Ok((slice, hasher.finish()))
}
