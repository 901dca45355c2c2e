//! A tar archive in memory, read into entries whose content are windows into it.
//!
//! What could lead outside a root file system (an absolute path, `..`) is refused rather than
//! repaired, and so are devices, pipes and sparse files: no package of the kinds that we read has one.

use std::collections::BTreeSet;
use std::io::Cursor;

use bytes::Bytes;
use tar::{Archive, EntryType};

use super::ArchiveError;
use crate::entry::{Entry, EntryKind};

const ATTRIBUTE: &str = "SCHILY.xattr.";

/// An entry, and what else its PAX header said.
pub(crate) struct TarEntry {
    pub(crate) entry: Entry,
    /// Pairs that are no attribute of the file system, as `APK-TOOLS.checksum.SHA1`.
    pub(crate) extensions: Vec<(String, String)>,
}

/// The entries, in their order. The root folder itself (`./`) is left out.
pub(crate) fn entries(archive: &Bytes, most: usize) -> Result<Vec<TarEntry>, ArchiveError> {
    let broken = |error: std::io::Error| ArchiveError::broken("tar", error.to_string());
    let mut reader = Archive::new(Cursor::new(archive.as_ref()));
    let mut entries: Vec<TarEntry> = Vec::new();
    let mut files = BTreeSet::new();
    for entry in reader.entries_with_seek().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let Some(read) = read(archive, &mut entry, &files)? else {
            continue;
        };
        if entries.len() == most {
            return Err(ArchiveError::TooMany { limit: most });
        }
        if matches!(read.entry.kind, EntryKind::File(_) | EntryKind::Hardlink(_)) {
            files.insert(read.entry.path.clone());
        } else {
            files.remove(&read.entry.path);
        }
        entries.push(read);
    }
    Ok(entries)
}

fn read(
    archive: &Bytes,
    entry: &mut tar::Entry<'_, Cursor<&[u8]>>,
    files: &BTreeSet<String>,
) -> Result<Option<TarEntry>, ArchiveError> {
    let broken = |error: std::io::Error| ArchiveError::broken("tar", error.to_string());
    let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let refuse = |problem: &str| ArchiveError::Entry {
        path: raw.clone(),
        problem: problem.to_owned(),
    };
    if std::str::from_utf8(&entry.path_bytes()).is_err() {
        return Err(refuse("has a name that is not UTF-8"));
    }
    let path = normal(&raw).map_err(refuse)?;
    let target = match entry.link_name_bytes() {
        None => None,
        Some(bytes) => Some(
            String::from_utf8(bytes.into_owned())
                .map_err(|_| refuse("is a link to a name that is not UTF-8"))?,
        ),
    };
    let header = entry.header();
    let mut kind =
        match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => EntryKind::File(Bytes::new()),
            EntryType::Directory => EntryKind::Directory,
            EntryType::Symlink => {
                let target = target.filter(|target| !target.is_empty() && !target.contains('\0'));
                EntryKind::Symlink(target.ok_or_else(|| refuse("is a link to nothing"))?)
            }
            EntryType::Link => {
                let written = target.ok_or_else(|| refuse("is a link to nothing"))?;
                let target = normal(&written).map_err(|problem| {
                    refuse(&format!("is a hard link to {written:?}, which {problem}"))
                })?;
                let target = target.filter(|target| files.contains(target));
                EntryKind::Hardlink(target.ok_or_else(|| {
                    refuse("is a hard link to a file that did not come before it")
                })?)
            }
            EntryType::XGlobalHeader => return Ok(None),
            EntryType::Block | EntryType::Char => return Err(refuse("is a device")),
            EntryType::Fifo => return Err(refuse("is a pipe")),
            EntryType::GNUSparse => return Err(refuse("is a sparse file")),
            _ => return Err(refuse("is of a kind that no package has")),
        };
    let number = |what: &str, value: std::io::Result<u64>| {
        value
            .ok()
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(|| refuse(&format!("has a {what} that is out of range")))
    };
    let uid = number("user id", header.uid())?;
    let gid = number("group id", header.gid())?;
    let mode = header.mode().map_err(broken)? & 0o7777;
    let mtime = header.mtime().map_err(broken)?;
    let mut attributes = Vec::new();
    let mut extensions = Vec::new();
    if let Some(pairs) = entry.pax_extensions().map_err(broken)? {
        for pair in pairs {
            let pair = pair.map_err(broken)?;
            let key = pair
                .key()
                .map_err(|error| ArchiveError::broken("tar", error.to_string()))?;
            if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                attributes.push((name.to_owned(), Bytes::copy_from_slice(pair.value_bytes())));
            } else if let Ok(value) = pair.value() {
                extensions.push((key.to_owned(), value.to_owned()));
            }
        }
    }
    if let EntryKind::File(content) = &mut kind {
        let start = usize::try_from(entry.raw_file_position()).ok();
        let size = usize::try_from(entry.size()).ok();
        let end = start
            .zip(size)
            .and_then(|(start, size)| start.checked_add(size));
        *content = match (start, end) {
            (Some(start), Some(end)) if end <= archive.len() => archive.slice(start..end),
            _ => return Err(refuse("is longer than the archive")),
        };
    }
    let Some(path) = path else {
        return match kind {
            EntryKind::Directory => Ok(None),
            _ => Err(refuse("is the root, and no folder")),
        };
    };
    Ok(Some(TarEntry {
        entry: Entry {
            path,
            kind,
            mode,
            uid,
            gid,
            mtime,
            attributes,
        },
        extensions,
    }))
}

/// `./usr/bin/` as `usr/bin`; nothing for the root; an error for what leads outside it.
fn normal(path: &str) -> Result<Option<String>, &'static str> {
    if path.starts_with('/') {
        return Err("begins with /");
    }
    if path.contains('\0') {
        return Err("has a zero byte in its name");
    }
    let mut normal = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err("leads upwards by .."),
            part => {
                if !normal.is_empty() {
                    normal.push('/');
                }
                normal.push_str(part);
            }
        }
    }
    Ok(Some(normal).filter(|path| !path.is_empty()))
}
