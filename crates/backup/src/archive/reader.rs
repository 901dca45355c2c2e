//! Reading an archive that anybody may have written.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::header::{self, BLOCK, Header};
use super::path::EntryPath;

/// How much an archive may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries.
    pub entries: u64,
    /// Bytes of one entry.
    pub entry_bytes: u64,
    /// Bytes of all, once decompressed.
    pub total_bytes: u64,
}

impl Default for Limits {
    /// Ten million entries of 64 `MiB` at most, and 256 `GiB` in all: many times what a cluster holds.
    fn default() -> Self {
        Self {
            entries: 10_000_000,
            entry_bytes: 64 << 20,
            total_bytes: 256 << 30,
        }
    }
}

/// Names and records longer than this are no names.
const MOST_RECORD_BYTES: u64 = 64 << 10;

/// Why an archive is not read on.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read, is no gzip, or ends in the middle.
    #[error("read the archive: {0}")]
    Read(#[from] io::Error),
    /// A header is none.
    #[error("the archive has a broken header after {entries} entries")]
    Header {
        /// Entries before it.
        entries: u64,
    },
    /// An entry would be unpacked somewhere else.
    #[error("invalid archive path {0:?}: escapes target directory")]
    Escape(String),
    /// It is larger than may be.
    #[error("the archive has more than {limit} {of}")]
    Limit {
        /// How many may be.
        limit: u64,
        /// Of what.
        of: &'static str,
    },
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name as it stands there.
    pub name: String,
    /// What it is.
    pub path: EntryPath,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An archive being read, from its first entry to its last.
pub struct Reader<R: Read> {
    gzip: MultiGzDecoder<R>,
    limits: Limits,
    entries: u64,
    total_bytes: u64,
    is_over: bool,
}

impl<R: Read> Reader<R> {
    /// An archive of which nothing is read yet.
    pub fn new(source: R, limits: Limits) -> Self {
        Self {
            gzip: MultiGzDecoder::new(source),
            limits,
            entries: 0,
            total_bytes: 0,
            is_over: false,
        }
    }

    /// The next file, or none at the end. Folders, links and devices are passed over, as no backup has
    /// any. After an error nothing more is read.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ArchiveError> {
        if self.is_over {
            return Ok(None);
        }
        let entry = self.read_entry();
        self.is_over = !matches!(entry, Ok(Some(_)));
        entry
    }

    fn read_entry(&mut self) -> Result<Option<Entry>, ArchiveError> {
        let mut long_name = None;
        let mut long_size = None;
        while let Some(Header {
            mut name,
            mut size,
            kind,
        }) = self.header()?
        {
            match kind {
                b'x' => {
                    let records = self.contents(size, MOST_RECORD_BYTES, "bytes in a record")?;
                    let value = |key| {
                        header::pax_value(&records, key).map_err(|_| ArchiveError::Header {
                            entries: self.entries,
                        })
                    };
                    long_name = value("path")?;
                    long_size = match value("size")? {
                        Some(size) => Some(size.parse().map_err(|_| ArchiveError::Header {
                            entries: self.entries,
                        })?),
                        None => None,
                    };
                    continue;
                }
                b'L' => {
                    let bytes = self.contents(size, MOST_RECORD_BYTES, "bytes in a name")?;
                    let text = String::from_utf8_lossy(&bytes);
                    long_name = Some(text.trim_end_matches('\0').to_owned());
                    continue;
                }
                _ => {}
            }
            name = long_name.take().unwrap_or(name);
            size = long_size.take().unwrap_or(size);
            let path = EntryPath::parse(&name).ok_or_else(|| ArchiveError::Escape(name.clone()))?;
            if matches!(kind, b'0' | 0) && !name.ends_with('/') {
                let bytes = self.contents(size, self.limits.entry_bytes, "bytes in an entry")?;
                return Ok(Some(Entry { name, path, bytes }));
            }
            // A link or a device has no bytes, whatever its size says.
            if !matches!(kind, b'1'..=b'6') {
                self.contents(size, self.limits.entry_bytes, "bytes in an entry")?;
            }
        }
        Ok(None)
    }

    /// The next header, or none at the end: a block of zeros, or no more bytes at all.
    fn header(&mut self) -> Result<Option<Header>, ArchiveError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.gzip.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(cut_off()),
                count => filled += count,
            }
        }
        self.count(0)?;
        if block == [0; BLOCK] {
            // What follows tells nothing, but a gzip that is cut off there is not a whole one.
            let left = self.limits.total_bytes.saturating_sub(self.total_bytes);
            io::copy(&mut (&mut self.gzip).take(left), &mut io::sink())?;
            return Ok(None);
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(ArchiveError::Limit {
                limit: self.limits.entries,
                of: "entries",
            });
        }
        header::parse(&block).map(Some).ok_or(ArchiveError::Header {
            entries: self.entries - 1,
        })
    }

    /// The bytes of an entry and the padding after it. Memory grows with what comes, not with what the
    /// header promised.
    fn contents(
        &mut self,
        size: u64,
        limit: u64,
        of: &'static str,
    ) -> Result<Vec<u8>, ArchiveError> {
        if size > limit {
            return Err(ArchiveError::Limit { limit, of });
        }
        self.count(size)?;
        let mut bytes = Vec::new();
        (&mut self.gzip).take(size).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) < size {
            return Err(cut_off());
        }
        let mut padding = [0; BLOCK];
        let length = bytes.len().next_multiple_of(BLOCK) - bytes.len();
        self.gzip.read_exact(&mut padding[..length])?;
        Ok(bytes)
    }

    /// Counts a header or the `size` bytes of an entry against the whole.
    fn count(&mut self, size: u64) -> Result<(), ArchiveError> {
        self.total_bytes = self
            .total_bytes
            .saturating_add(size)
            .saturating_add(u64::try_from(BLOCK).unwrap_or(0));
        if self.total_bytes > self.limits.total_bytes {
            return Err(ArchiveError::Limit {
                limit: self.limits.total_bytes,
                of: "bytes",
            });
        }
        Ok(())
    }
}

fn cut_off() -> ArchiveError {
    ArchiveError::Read(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the archive ends in the middle of an entry",
    ))
}
