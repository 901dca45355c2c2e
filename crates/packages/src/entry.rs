//! One file, folder or link of a package. For how archives are read, see `archive/tar.rs`.

use bytes::Bytes;

/// An entry of a package's file tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes, relative to the root and without a leading `/` or `./`: `usr/bin/env`. Every
    /// part is an ordinary name: none is empty, `.` or `..`.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, with set-user-id, set-group-id and sticky: at most `0o7777`.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// When it was last changed, in seconds since 1970.
    pub mtime: u64,
    /// Extended attributes, as `security.capability`, in the archive's order.
    pub attributes: Vec<(String, Bytes)>,
}

/// What an [`Entry`] is. Devices, pipes and sockets are refused when a package is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file and its content. The bytes are a window into the unpacked archive: cloning is cheap.
    File(Bytes),
    /// A folder.
    Directory,
    /// A symbolic link, with its target as it stands in the archive; it may lead anywhere.
    Symlink(String),
    /// Another name of a file that came before it; the target is a path like [`Entry::path`].
    Hardlink(String),
}

impl Entry {
    /// The content, if this is a file.
    pub fn content(&self) -> Option<&Bytes> {
        match &self.kind {
            EntryKind::File(content) => Some(content),
            _ => None,
        }
    }
}
