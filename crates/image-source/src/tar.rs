//! Reading tar: ustar, PAX and GNU long names, as container runtimes read it; what they would read
//! differently from one another is refused.
//!
//! Contents are not read, only where they lie. Nothing here trusts a size before the bytes are
//! there. What paths mean is `layer.rs`'s.

use std::collections::BTreeMap;

use crate::SourceError;
use crate::slice::Slice;

const BLOCK: u64 = 512;
/// The most bytes of a PAX header or a long name: a path is 4 KiB, extended attributes 64 KiB.
const MOST_EXTENDED: u64 = 1 << 20;
const ATTRIBUTE: &str = "SCHILY.xattr.";

/// What a tar entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TarKind {
    /// A file with content.
    File,
    /// Another name of a file before it.
    Hardlink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

/// An entry, as the archive has it: nothing of it has been judged.
#[derive(Clone, Debug)]
pub struct TarEntry {
    /// Its name.
    pub path: Vec<u8>,
    /// What a link points to.
    pub link: Vec<u8>,
    /// What it is.
    pub kind: TarKind,
    /// Permission bits and setuid, setgid, sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Extended attributes.
    pub attributes: BTreeMap<String, Vec<u8>>,
    /// Where the content begins.
    pub offset: u64,
    /// Its length; 0 for what has none.
    pub size: u64,
}

/// The entries of an archive, one after another.
#[derive(Debug)]
pub struct Tar {
    slice: Slice,
    offset: u64,
    ended: bool,
    hidden: bool,
    most_path: usize,
}

/// What headers before an entry's own say of it.
#[derive(Default)]
struct Extended {
    records: BTreeMap<String, Vec<u8>>,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

fn refused(reason: impl Into<String>) -> SourceError {
    SourceError::Refused(reason.into())
}

impl Tar {
    /// Reads an unpacked archive; `most_path` bounds its paths.
    pub fn new(slice: Slice, most_path: usize) -> Self {
        Self {
            slice,
            offset: 0,
            ended: false,
            hidden: false,
            most_path,
        }
    }

    /// Whether something other than zeros follows the archive's end, which no runtime unpacks.
    /// Known once the last entry was read.
    pub fn has_hidden_bytes(&self) -> bool {
        self.hidden
    }

    /// The next entry.
    pub fn next_entry(&mut self) -> Result<Option<TarEntry>, SourceError> {
        let mut extended = Extended::default();
        loop {
            let Some(header) = self.header()? else {
                if extended.records.is_empty()
                    && extended.long_path.is_none()
                    && extended.long_link.is_none()
                {
                    return Ok(None);
                }
                return Err(refused("the archive ends between an entry's headers"));
            };
            match header.flag {
                b'x' => extended.records.extend(records(&self.extra(&header)?)?),
                // Global records would change the entries after them; git puts a comment there.
                b'g' => {
                    let global = records(&self.extra(&header)?)?;
                    if global.keys().any(|key| key != "comment") {
                        return Err(refused("a global PAX header changes what follows"));
                    }
                }
                b'L' => extended.long_path = Some(text(&self.extra(&header)?).to_vec()),
                b'K' => extended.long_link = Some(text(&self.extra(&header)?).to_vec()),
                _ => return self.entry(header, extended).map(Some),
            }
        }
    }

    /// The next header that is not zeros; none at the end.
    fn header(&mut self) -> Result<Option<Header>, SourceError> {
        if self.ended {
            return Ok(None);
        }
        if self.offset == self.slice.length() {
            self.ended = true;
            return Ok(None);
        }
        let block = self.block()?;
        if block.iter().any(|byte| *byte != 0) {
            return Header::read(&block).map(Some);
        }
        self.ended = true;
        if self.offset < self.slice.length() && self.block()?.iter().any(|byte| *byte != 0) {
            return Err(refused("an archive goes on after a block of zeros"));
        }
        self.hidden = self.anything_after()?;
        Ok(None)
    }

    fn block(&mut self) -> Result<[u8; 512], SourceError> {
        let mut block = [0; 512];
        let count = self
            .slice
            .read_at(self.offset, &mut block)
            .map_err(SourceError::read("an archive"))?;
        if count < block.len() {
            return Err(refused("an archive ends in the middle of a block"));
        }
        self.offset += BLOCK;
        Ok(block)
    }

    fn anything_after(&self) -> Result<bool, SourceError> {
        let mut buffer = vec![0; 64 << 10];
        let mut offset = self.offset;
        loop {
            let count = self
                .slice
                .read_at(offset, &mut buffer)
                .map_err(SourceError::read("an archive"))?;
            if count == 0 {
                return Ok(false);
            }
            if buffer.iter().take(count).any(|byte| *byte != 0) {
                return Ok(true);
            }
            offset += count as u64;
        }
    }

    /// Where `size` bytes of content lie; goes behind them.
    fn content(&mut self, size: u64) -> Result<u64, SourceError> {
        let start = self.offset;
        let end = start
            .checked_add(size)
            .filter(|end| *end <= self.slice.length())
            .ok_or_else(|| {
                refused(format!(
                    "an archive names {size} bytes of content and has not so many"
                ))
            })?;
        // The last block need not be filled up where the archive just ends.
        self.offset = end
            .div_ceil(BLOCK)
            .saturating_mul(BLOCK)
            .min(self.slice.length());
        Ok(start)
    }

    /// The content of a header about another one.
    fn extra(&mut self, header: &Header) -> Result<Vec<u8>, SourceError> {
        if header.size > MOST_EXTENDED {
            return Err(refused(format!(
                "an archive has a header of {} bytes",
                header.size
            )));
        }
        let start = self.content(header.size)?;
        let part = self.slice.part(start, header.size);
        part.and_then(|part| part.bytes(usize::try_from(MOST_EXTENDED).ok()?).ok())
            .ok_or_else(|| refused("an archive's header cannot be read"))
    }

    fn entry(&mut self, header: Header, extended: Extended) -> Result<TarEntry, SourceError> {
        let Extended {
            mut records,
            long_path,
            long_link,
        } = extended;
        if let Some(key) = records.keys().find(|key| key.starts_with("GNU.sparse")) {
            return Err(refused(format!("sparse files are not read ({key})")));
        }
        let path = records.remove("path").or(long_path).unwrap_or(header.path);
        let link = records
            .remove("linkpath")
            .or(long_link)
            .unwrap_or(header.link);
        for text in [&path, &link] {
            if text.len() > self.most_path || text.contains(&0) {
                return Err(refused(format!(
                    "a path of {} bytes, or with a zero in it",
                    text.len()
                )));
            }
        }
        let number = |records: &BTreeMap<String, Vec<u8>>, key: &str, otherwise: u64| {
            records.get(key).map_or(Ok(otherwise), |value| {
                std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| refused(format!("the PAX record {key} is no number")))
            })
        };
        let size = number(&records, "size", header.size)?;
        let uid = number(&records, "uid", header.uid)?;
        let gid = number(&records, "gid", header.gid)?;
        let mtime = match records.get("mtime") {
            None => header.mtime,
            Some(value) => std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.split('.').next()?.parse().ok())
                .ok_or_else(|| refused("the PAX record mtime is no time"))?,
        };
        let kind = match header.flag {
            b'0' | 0 | b'7' if path.ends_with(b"/") => TarKind::Directory,
            b'0' | 0 | b'7' => TarKind::File,
            b'1' => TarKind::Hardlink,
            b'2' => TarKind::Symlink,
            b'3' => TarKind::CharacterDevice,
            b'4' => TarKind::BlockDevice,
            b'5' => TarKind::Directory,
            b'6' => TarKind::Fifo,
            other => {
                return Err(refused(format!(
                    "an entry of type {:?} is none that runtimes unpack",
                    char::from(other)
                )));
            }
        };
        let size = if kind == TarKind::File { size } else { 0 };
        let attributes = records
            .into_iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(ATTRIBUTE)?.to_owned(), value)))
            .collect();
        Ok(TarEntry {
            path,
            link,
            kind,
            mode: header.mode & 0o7777,
            uid,
            gid,
            mtime,
            device: header.device,
            attributes,
            offset: self.content(size)?,
            size,
        })
    }
}

struct Header {
    path: Vec<u8>,
    link: Vec<u8>,
    flag: u8,
    mode: u32,
    uid: u64,
    gid: u64,
    mtime: i64,
    size: u64,
    device: (u32, u32),
}

impl Header {
    fn read(block: &[u8; 512]) -> Result<Self, SourceError> {
        let field = |start: usize, length: usize| &block[start..start + length];
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                if (148..156).contains(&at) {
                    u64::from(b' ')
                } else {
                    u64::from(*byte)
                }
            })
            .sum();
        if number(field(148, 8))? != i64::try_from(sum).unwrap_or(-1) {
            return Err(refused("what should be a tar header has a wrong checksum"));
        }
        let unsigned = |start, length| -> Result<u64, SourceError> {
            u64::try_from(number(field(start, length))?)
                .map_err(|_| refused("a tar header has a negative number"))
        };
        let small = |start, length| -> Result<u32, SourceError> {
            u32::try_from(unsigned(start, length)?)
                .map_err(|_| refused("a tar header has a number out of its range"))
        };
        let mut path = text(field(0, 100)).to_vec();
        // POSIX has a prefix here; GNU has times.
        if field(257, 6) == b"ustar\0" {
            let prefix = text(field(345, 155));
            if !prefix.is_empty() {
                path = [prefix, &path].join(&b'/');
            }
        }
        let flag = block[156];
        let device = if matches!(flag, b'3' | b'4') {
            (small(329, 8)?, small(337, 8)?)
        } else {
            (0, 0)
        };
        Ok(Self {
            path,
            link: text(field(157, 100)).to_vec(),
            flag,
            mode: small(100, 8)?,
            uid: unsigned(108, 8)?,
            gid: unsigned(116, 8)?,
            size: unsigned(124, 12)?,
            mtime: number(field(136, 12))?,
            device,
        })
    }
}

/// Up to the first zero.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal digits, or a big-endian number behind a high bit.
fn number(field: &[u8]) -> Result<i64, SourceError> {
    let wrong = || refused("a tar header has a field that is no number");
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first & 0x80 != 0) {
        let negative = first & 0x40 != 0;
        let mut value: i128 = if negative {
            i128::from(*first) - 256
        } else {
            i128::from(first & 0x3f)
        };
        for byte in rest {
            value = value.checked_mul(256).ok_or_else(wrong)? + i128::from(*byte);
        }
        return i64::try_from(value).map_err(|_| wrong());
    }
    let digits: Vec<u8> = field
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b' ' | 0))
        .take_while(|byte| !matches!(byte, b' ' | 0))
        .collect();
    digits.iter().try_fold(0_i64, |value, digit| {
        if !(b'0'..=b'7').contains(digit) {
            return Err(wrong());
        }
        value
            .checked_mul(8)
            .map(|value| value + i64::from(digit - b'0'))
            .ok_or_else(wrong)
    })
}

/// `<length> <key>=<value>\n`, again and again.
fn records(mut bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, SourceError> {
    let wrong = || refused("a PAX header is malformed");
    let mut records = BTreeMap::new();
    while !bytes.is_empty() {
        let space = bytes
            .iter()
            .take(10)
            .position(|byte| *byte == b' ')
            .ok_or_else(wrong)?;
        let length: usize = std::str::from_utf8(bytes.get(..space).unwrap_or_default())
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(wrong)?;
        let record = bytes.get(space + 1..length).ok_or_else(wrong)?;
        let record = record.strip_suffix(b"\n").ok_or_else(wrong)?;
        let equals = record
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(wrong)?;
        let (key, value) = record.split_at(equals);
        let key = String::from_utf8(key.to_vec()).map_err(|_| wrong())?;
        records.insert(key, value.get(1..).unwrap_or_default().to_vec());
        bytes = bytes.get(length..).unwrap_or_default();
    }
    Ok(records)
}
