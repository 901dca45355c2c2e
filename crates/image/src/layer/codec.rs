//! Packing: gzip and zstd, pinned so that the same archive always packs to the same bits.
//!
//! The bits depend on the compressor's version, which the provenance therefore records
//! ([`compressors`]); the digest of the unpacked archive (the `DiffID`) does not.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use flate2::write::GzEncoder;
use flate2::{Compression as Level, GzBuilder};
use seawall_oci::media_type;

/// The version of the gzip compressor that is built in, as in `Cargo.lock`; a test compares.
const ZLIB_RS: &str = "0.6.8";

/// Compressors take their input in pieces of this size, whatever the pieces were before: a
/// compressor may end a block where a piece ends.
const PIECE: usize = 64 * 1024;

/// The level of gzip: its best, which costs a second for each 20 MB and is paid once.
const GZIP_LEVEL: u32 = 9;
/// RFC 1952: no particular operating system.
const GZIP_UNKNOWN_SYSTEM: u8 = 255;
/// The level of zstd: higher ones take a hundred megabytes for each layer, and gain a few percent.
const ZSTD_LEVEL: i32 = 12;

/// How a layer is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// gzip, which every engine reads.
    #[default]
    Gzip,
    /// zstd, smaller and faster to unpack; Docker reads it since version 23.
    Zstd,
    /// Not at all.
    None,
}

impl Compression {
    /// The media type of a layer that is packed this way.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => media_type::OCI_LAYER_GZIP,
            Self::Zstd => media_type::OCI_LAYER_ZSTD,
            Self::None => media_type::OCI_LAYER,
        }
    }

    /// Its name, as in a definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no way of packing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no compression: use gzip, zstd or none")]
pub struct CompressionError(String);

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, CompressionError> {
        match text {
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "none" => Ok(Self::None),
            _ => Err(CompressionError(text.to_owned())),
        }
    }
}

/// What packs, with levels and versions: name and text, for the provenance.
pub fn compressors() -> [(&'static str, String); 2] {
    [
        ("gzip", format!("zlib-rs {ZLIB_RS} level {GZIP_LEVEL}")),
        (
            "zstd",
            format!(
                "libzstd {} level {ZSTD_LEVEL}, checksummed, one thread",
                zstd::zstd_safe::version_string()
            ),
        ),
    ]
}

/// A compressor on its way into a blob.
pub(super) enum Encoder<W: Write> {
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
    None(W),
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(compression: Compression, into: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(
                GzBuilder::new()
                    .mtime(0)
                    .operating_system(GZIP_UNKNOWN_SYSTEM)
                    .write(into, Level::new(GZIP_LEVEL)),
            ),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(into, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                encoder.include_contentsize(false)?;
                Self::Zstd(encoder)
            }
            Compression::None => Self::None(into),
        })
    }

    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
            Self::None(into) => Ok(into),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::None(into) => into.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Cuts what is written into pieces of one size.
pub(super) struct EvenPieces<W> {
    inner: W,
    piece: Vec<u8>,
}

impl<W: Write> EvenPieces<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            piece: Vec::with_capacity(PIECE),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&self.piece)?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for EvenPieces<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.inner.write_all(&self.piece)?;
            self.piece.clear();
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(compression: Compression, pieces: &[&[u8]]) -> Vec<u8> {
        let encoder = Encoder::new(compression, Vec::new()).unwrap();
        let mut even = EvenPieces::new(encoder);
        for piece in pieces {
            even.write_all(piece).unwrap();
        }
        even.finish().unwrap().finish().unwrap()
    }

    #[test]
    fn the_recorded_version_of_the_compressor_is_the_one_that_is_built() {
        let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        let lock = std::fs::read_to_string(format!("{folder}/../../Cargo.lock")).unwrap();
        let built = format!("name = \"zlib-rs\"\nversion = \"{ZLIB_RS}\"");
        assert!(lock.contains(&built), "change ZLIB_RS with Cargo.lock");
    }

    #[test]
    fn gzip_says_neither_when_nor_where_it_was_packed() {
        let packed = pack(Compression::Gzip, &[b"x"]);
        assert_eq!(packed[..3], [0x1f, 0x8b, 8], "gzip, deflate");
        assert_eq!(packed[3], 0, "no name, no comment");
        assert_eq!(packed[4..8], [0; 4], "no time");
        assert_eq!(packed[9], 255, "no system");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(6))]
        #[test]
        fn bits_do_not_depend_on_how_the_input_was_cut(
            seed in proptest::collection::vec(0u8..16, 1..3000),
            cut in 1usize..70_000,
        ) {
            let content: Vec<u8> = seed.iter().cycle().take(140_000).copied().collect();
            let pieces: Vec<&[u8]> = content.chunks(cut).collect();
            for compression in [Compression::Gzip, Compression::Zstd, Compression::None] {
                assert!(pack(compression, &pieces) == pack(compression, &[&content]), "{compression}");
            }
        }
    }
}
