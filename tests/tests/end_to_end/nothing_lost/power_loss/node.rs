//! A file or a folder on the modelled disk: what is in memory, what has reached
//! the medium, and the operations between the two. `disk.rs` puts them together.

use std::collections::BTreeMap;

/// A node by its place in the list.
pub(super) type Number = usize;

#[derive(Clone, Debug)]
pub(super) enum Node {
    File {
        current: Vec<u8>,
        durable: Vec<u8>,
        pending: Vec<FileOperation>,
    },
    Folder {
        current: BTreeMap<String, Number>,
        durable: BTreeMap<String, Number>,
        pending: Vec<FolderOperation>,
    },
}

#[derive(Clone, Debug)]
pub(super) enum FileOperation {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

#[derive(Clone, Debug)]
pub(super) enum FolderOperation {
    Put(String, Number),
    Remove(String),
}

impl FileOperation {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                content.resize(content.len().max(at + bytes.len()), 0);
                content[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Resize(size) => content.resize(*size, 0),
        }
    }
}

impl FolderOperation {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, Number>) {
        match self {
            Self::Put(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Remove(name) => drop(names.remove(name)),
        }
    }
}

impl Node {
    pub(super) fn folder() -> Self {
        Self::Folder {
            current: BTreeMap::new(),
            durable: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    pub(super) fn file() -> Self {
        Self::File {
            current: Vec::new(),
            durable: Vec::new(),
            pending: Vec::new(),
        }
    }

    pub(super) fn pending(&self) -> usize {
        match self {
            Self::File { pending, .. } => pending.len(),
            Self::Folder { pending, .. } => pending.len(),
        }
    }

    /// The first `count` operations reach the medium.
    pub(super) fn sync(&mut self, count: usize) {
        match self {
            Self::File {
                durable, pending, ..
            } => {
                pending
                    .drain(..count.min(pending.len()))
                    .for_each(|operation| operation.apply(durable));
            }
            Self::Folder {
                durable, pending, ..
            } => {
                pending
                    .drain(..count.min(pending.len()))
                    .for_each(|operation| operation.apply(durable));
            }
        }
    }
}
