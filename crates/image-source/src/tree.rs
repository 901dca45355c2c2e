//! The root file system that layers make together, and what of lower layers is no longer seen.
//!
//! How a layer is laid on top is `apply.rs`'s; here is what is there, and where links lead. No link
//! leads out of the root: it is resolved as a process inside would see it.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::path;
use crate::slice::Slice;

/// How many links are followed before they are taken for a cycle, as Linux does.
const MOST_LINKS: usize = 40;
/// How many parts of paths are walked before that is taken for a cycle: links whose targets are long
/// ways around could make each step of each path a journey.
const MOST_PARTS: usize = 1024;

/// What a path is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A file; where its content lies.
    File(Slice),
    /// A directory.
    Directory,
    /// A symbolic link, and what it says.
    Symlink(String),
    /// A character device: major and minor number.
    CharacterDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// What is at a path.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Permission bits and setuid (4000), setgid (2000), sticky (1000).
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Extended attributes.
    pub attributes: BTreeMap<String, Vec<u8>>,
    /// Which layer it is from, from the bottom, counted from 0.
    pub layer: usize,
    /// Whether it is another name of a file (a hard link).
    pub is_link: bool,
}

impl Node {
    /// The content, of a file.
    pub fn content(&self) -> Option<&Slice> {
        match &self.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }
}

/// A file of a lower layer that a higher one deleted or replaced. Whoever has the image has it.
#[derive(Clone, Debug)]
pub struct Shadowed {
    /// Where it was.
    pub path: String,
    /// What it was.
    pub node: Node,
    /// The layer that hides it.
    pub by_layer: usize,
    /// Whether it was deleted, and not replaced.
    pub is_deleted: bool,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nowhere {
    /// Something on the way is not there.
    Absent,
    /// Links lead in a circle, or so far around that it may be one.
    Cycle,
}

/// A root file system.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) shadowed: Vec<Shadowed>,
}

impl Tree {
    /// What is at exactly this path; links are not followed.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// All paths with what is there, in the order of their bytes. The root itself is the empty
    /// path, and there only if a layer says something of it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// What lies in a directory or below it, without itself.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let range = (Bound::Excluded(prefix.clone()), Bound::<String>::Unbounded);
        self.nodes
            .range(range)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .map(|(path, node)| (path.as_str(), node))
    }

    /// Files of lower layers that are no longer seen.
    pub fn shadowed(&self) -> &[Shadowed] {
        &self.shadowed
    }

    /// Where a path really is, all links followed, the last one too. It begins at the root, with or
    /// without a slash.
    pub fn resolve(&self, path: &str) -> Result<(String, &Node), Nowhere> {
        let real = self.real_path(path)?;
        match self.nodes.get(&real) {
            Some(node) => Ok((real, node)),
            None => Err(Nowhere::Absent),
        }
    }

    /// The content of the file at a path, links followed.
    pub fn file(&self, path: &str) -> Option<&Slice> {
        self.resolve(path).ok()?.1.content()
    }

    /// Follows all links of a path. What is not there is taken for a directory that will be.
    pub(crate) fn real_path(&self, path: &str) -> Result<String, Nowhere> {
        let mut real = String::new();
        let mut todo: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let (mut links, mut parts) = (0, 0);
        while let Some(part) = todo.pop() {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Nowhere::Cycle);
            }
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    let above = path::split(&real).map_or(0, |(folder, _)| folder.len());
                    real.truncate(above);
                    continue;
                }
                _ => {}
            }
            let next = path::join(&real, &part);
            let Some(Node {
                kind: Kind::Symlink(target),
                ..
            }) = self.nodes.get(&next)
            else {
                real = next;
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(Nowhere::Cycle);
            }
            if target.starts_with('/') {
                real.clear();
            }
            todo.extend(target.rsplit('/').map(str::to_owned));
        }
        Ok(real)
    }
}
