//! Gzip, xz and zstd, unpacked into memory under a limit.

use std::io::Read;

use super::ArchiveError;

/// What an xz stream may ask for: Debian's packages ask for 64 MiB at most (`xz -9`).
const XZ_MEMORY_KIB: u32 = 96 << 10;
/// The window that a zstd stream may ask for, as a power of two: 128 MiB, what `zstd -d` grants.
const ZSTD_WINDOW_LOG: u32 = 27;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// By the ending of a file's name: `data.tar.xz` is xz, `Packages` is not compressed.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let last = name.rsplit('/').next().unwrap_or(name);
        match last.rsplit_once('.').map(|(_, ending)| ending) {
            Some("gz") => Some(Self::Gzip),
            Some("xz") => Some(Self::Xz),
            Some("zst") => Some(Self::Zstd),
            Some("tar") | None => Some(Self::None),
            Some(_) => None,
        }
    }

    fn format(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// A reader of the unpacked bytes. Whoever reads it sees to the limit.
    pub(crate) fn reader<'a>(self, bytes: &'a [u8]) -> Result<Box<dyn Read + 'a>, ArchiveError> {
        Ok(match self {
            Self::None => Box::new(bytes),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
                bytes,
                true,
                XZ_MEMORY_KIB,
            )),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)
                    .map_err(|error| ArchiveError::broken("zstd", error.to_string()))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG)
                    .map_err(|error| ArchiveError::broken("zstd", error.to_string()))?;
                Box::new(decoder)
            }
        })
    }

    /// Unpacks all of it; more than `limit` bytes are refused.
    pub(crate) fn unpack(self, bytes: &[u8], limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let mut unpacked = Vec::new();
        self.reader(bytes)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut unpacked)
            .map_err(|error| ArchiveError::broken(self.format(), error.to_string()))?;
        if unpacked.len() as u64 > limit {
            return Err(ArchiveError::TooLarge { limit });
        }
        Ok(unpacked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(compression: Compression, content: &[u8]) -> Vec<u8> {
        match compression {
            Compression::None => content.to_vec(),
            Compression::Gzip => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Xz => {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("content");
                std::fs::write(&file, content).unwrap();
                let status = std::process::Command::new("xz")
                    .arg(&file)
                    .status()
                    .unwrap();
                assert!(status.success());
                std::fs::read(folder.path().join("content.xz")).unwrap()
            }
            Compression::Zstd => zstd::encode_all(content, 3).unwrap(),
        }
    }

    const ALL: [Compression; 4] = [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ];

    #[test]
    fn what_was_packed_is_unpacked() {
        for compression in ALL {
            let content = b"sea wall ".repeat(1000);
            let bytes = packed(compression, &content);
            assert_eq!(compression.unpack(&bytes, 9000).unwrap(), content);
        }
    }

    #[test]
    fn a_bomb_is_refused_at_its_limit() {
        for compression in ALL {
            let bytes = packed(compression, &vec![0; 1 << 20]);
            let error = compression.unpack(&bytes, 1 << 16).unwrap_err();
            assert_eq!(error, ArchiveError::TooLarge { limit: 1 << 16 });
        }
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        for compression in &ALL[1..] {
            let mut bytes = packed(*compression, &b"sea wall ".repeat(1000));
            bytes.truncate(bytes.len() - 3);
            let error = compression.unpack(&bytes, 1 << 20).unwrap_err();
            assert!(matches!(error, ArchiveError::Broken { .. }), "{error}");
        }
    }

    #[test]
    fn an_xz_stream_that_asks_for_much_memory_is_refused() {
        // The dictionary's size stands in the block's header as an exponent; it is raised to 4 GiB
        // and the header's checksum made anew.
        let mut bytes = packed(Compression::Xz, b"sea wall");
        let header = (usize::from(bytes[12]) + 1) * 4;
        let property = 12
            + bytes[12..12 + header]
                .windows(2)
                .position(|pair| pair == [0x21, 0x01])
                .unwrap()
            + 2;
        bytes[property] = 40;
        let sum = crc32(&bytes[12..12 + header - 4]);
        bytes[12 + header - 4..12 + header].copy_from_slice(&sum.to_le_bytes());
        let error = Compression::Xz.unpack(&bytes, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
