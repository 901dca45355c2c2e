//! Blocks of 512 bytes: headers of tar as Go writes them, and what is read of others'.
//!
//! Source: Go `archive/tar` (`USTAR` where it fits, else `PAX`), POSIX pax.

pub const BLOCK: usize = 512;
const NAME: usize = 100;
const PREFIX: usize = 155;

/// What is read of a header.
#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub size: u64,
    pub kind: u8,
}

/// The blocks before a file's bytes: its header, and before that a record of its whole name when
/// that does not fit.
pub fn of_file(name: &str, size: u64, modified_second: u64) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(BLOCK);
    if name.is_ascii() && name.len() <= NAME {
        blocks.extend_from_slice(&block(name, "", 0o755, size, modified_second, b'0'));
    } else if let Some((prefix, name)) = split(name) {
        blocks.extend_from_slice(&block(name, prefix, 0o755, size, modified_second, b'0'));
    } else {
        let record = record("path", name);
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let beside = ascii(&format!("{folder}/PaxHeaders.0/{file}"));
        let length = u64::try_from(record.len()).unwrap_or(u64::MAX);
        blocks.extend_from_slice(&block(beside.trim_end_matches('/'), "", 0, length, 0, b'x'));
        blocks.extend_from_slice(record.as_bytes());
        blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
        blocks.extend_from_slice(&block(&ascii(name), "", 0o755, size, modified_second, b'0'));
    }
    blocks
}

/// `text` without what is not ASCII, cut to what a header holds.
fn ascii(text: &str) -> String {
    text.chars().filter(char::is_ascii).take(NAME).collect()
}

/// A name in two parts that both fit, split at a slash.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() || name.len() <= NAME {
        return None;
    }
    let (prefix, _) = name.get(..name.len().min(PREFIX + 1))?.rsplit_once('/')?;
    let suffix = name.get(prefix.len() + 1..)?;
    (!prefix.is_empty() && !suffix.is_empty() && suffix.len() <= NAME).then_some((prefix, suffix))
}

/// A record of pax: its own length, a key and a value.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    if rest + length.to_string().len() != length {
        length += 1;
    }
    format!("{length} {key}={value}\n")
}

fn block(name: &str, prefix: &str, mode: u64, size: u64, second: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{second:011o}").as_bytes());
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    if kind != b'x' {
        put(329, b"0000000");
        put(337, b"0000000");
    }
    put(345, prefix.as_bytes());
    put(148, b"        ");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Reads a header; `None` when its sum is wrong or a number in it is none.
pub fn parse(block: &[u8; BLOCK]) -> Option<Header> {
    let stored = number(&block[148..156])?;
    let sum = |signed: bool| -> i64 {
        (0..BLOCK)
            .map(|at| match block[at] {
                _ if (148..156).contains(&at) => 32,
                byte if signed => i64::from(byte.cast_signed()),
                byte => i64::from(byte),
            })
            .sum()
    };
    let stored = i64::try_from(stored).ok()?;
    if stored != sum(false) && stored != sum(true) {
        return None;
    }
    let name = text(&block[..NAME]);
    let is_ustar = &block[257..263] == b"ustar\0";
    let prefix = if is_ustar {
        text(&block[345..345 + PREFIX])
    } else {
        String::new()
    };
    Some(Header {
        name: if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        },
        size: number(&block[124..136])?,
        kind: block[156],
    })
}

fn text(field: &[u8]) -> String {
    let end = field
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// A number in octal digits, or in base 256 when its first bit says so.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // A negative one, or one that does not fit, is no size.
        if first & 0x7f != 0 {
            return None;
        }
        return rest.iter().try_fold(0_u64, |sum, byte| {
            Some(sum.checked_mul(256)? + u64::from(*byte))
        });
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if digits.is_empty() {
        return Some(0);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    u64::from_str_radix(digits, 8).ok()
}

/// Records of a pax header that are none.
#[derive(Debug)]
pub struct BrokenRecords;

/// The value of the last record with `key` in the records of a pax header.
pub fn pax_value(records: &[u8], key: &str) -> Result<Option<String>, BrokenRecords> {
    let mut records = records;
    let mut found = None;
    while !records.is_empty() {
        let (key_found, value, rest) = next_record(records).ok_or(BrokenRecords)?;
        if key_found == key.as_bytes() {
            found = Some(String::from_utf8(value.to_vec()).map_err(|_| BrokenRecords)?);
        }
        records = rest;
    }
    Ok(found)
}

/// Key and value of the first of `records`, and the others.
fn next_record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((
        &record[..equals],
        &record[equals + 1..],
        records.get(length..)?,
    ))
}
