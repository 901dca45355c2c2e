//! Lays a layer on a tree: whiteouts first, then entries (OCI image-spec 1.1 `layer.md`). A parent
//! that is a link is followed inside the root, as containerd does it.

use std::collections::{BTreeMap, BTreeSet};

use crate::irregularity::Irregularity;
use crate::path;
use crate::slice::Slice;
use crate::tar::{Tar, TarEntry, TarKind};
use crate::tree::{Kind, Node, Shadowed, Tree};
use crate::{Limits, SourceError};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
/// What AUFS keeps for itself; no runtime unpacks it.
const AUFS: &str = ".wh..wh.";

/// What there may still be in an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    entries: usize,
    names: u64,
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            entries: limits.entries,
            names: limits.names_bytes,
        }
    }

    fn take(&mut self, entry: &TarEntry) -> Result<(), SourceError> {
        let refused = |what: &str| SourceError::Refused(format!("an image has too many {what}"));
        self.entries = self
            .entries
            .checked_sub(1)
            .ok_or_else(|| refused("entries"))?;
        let attributes = entry.attributes.iter();
        let attributes: usize = attributes
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let bytes = entry.path.len() + entry.link.len() + attributes;
        self.names = self
            .names
            .checked_sub(bytes as u64)
            .ok_or_else(|| refused("bytes of names and attributes"))?;
        Ok(())
    }
}

/// Reads a layer's entries and lays them on `tree`. `room` is what there may still be, and is lessened.
pub(crate) fn apply(
    tree: &mut Tree,
    layer: usize,
    tar: &Slice,
    limits: &Limits,
    room: &mut Room,
    irregularities: &mut Vec<Irregularity>,
) -> Result<(), SourceError> {
    let mut archive = Tar::new(tar.clone(), limits.path_bytes);
    let mut kept = Vec::new();
    let mut whiteouts = Vec::new();
    while let Some(entry) = archive.next_entry()? {
        room.take(&entry)?;
        let path = path::normal(&entry.path, limits)?;
        let name = path::name(&path);
        if name == OPAQUE || (name.starts_with(WHITEOUT) && !name.starts_with(AUFS)) {
            whiteouts.push(path);
        } else if !name.starts_with(AUFS) {
            kept.push((path, entry));
        }
    }
    if archive.has_hidden_bytes() {
        irregularities.push(Irregularity::HiddenBytes { layer });
    }
    for path in whiteouts {
        whiteout(tree, layer, &path)?;
    }
    let mut laying = Laying {
        tree,
        layer,
        tar,
        seen: BTreeSet::new(),
        irregularities,
    };
    for (path, entry) in kept {
        laying.lay(&path, entry)?;
    }
    Ok(())
}

fn whiteout(tree: &mut Tree, layer: usize, path: &str) -> Result<(), SourceError> {
    let (folder, name) = path::split(path).unwrap_or_default();
    let folder = inside(tree, folder)?;
    if name == OPAQUE {
        let below: Vec<String> = tree
            .below(&folder)
            .map(|(path, _)| path.to_owned())
            .collect();
        for path in below {
            hide(tree, &path, layer, true);
        }
        return Ok(());
    }
    let target = name.strip_prefix(WHITEOUT).unwrap_or_default();
    if matches!(target, "" | "." | "..") {
        return Err(SourceError::Refused(format!(
            "the whiteout {path:?} names no file"
        )));
    }
    remove(tree, &path::join(&folder, target), layer, true);
    Ok(())
}

/// Follows the links of a path's folder.
fn inside(tree: &Tree, folder: &str) -> Result<String, SourceError> {
    tree.real_path(folder).map_err(|_| {
        SourceError::Refused(format!("links lead in a circle on the way to {folder:?}"))
    })
}

/// Takes away what is at a path, and below it.
fn remove(tree: &mut Tree, path: &str, layer: usize, is_deleted: bool) {
    let below: Vec<String> = tree.below(path).map(|(path, _)| path.to_owned()).collect();
    for path in below {
        hide(tree, &path, layer, true);
    }
    hide(tree, path, layer, is_deleted);
}

fn hide(tree: &mut Tree, path: &str, by_layer: usize, is_deleted: bool) {
    let Some(node) = tree.nodes.remove(path) else {
        return;
    };
    if node.content().is_some() && node.layer < by_layer {
        tree.shadowed.push(Shadowed {
            path: path.to_owned(),
            node,
            by_layer,
            is_deleted,
        });
    }
}

struct Laying<'a> {
    tree: &'a mut Tree,
    layer: usize,
    tar: &'a Slice,
    seen: BTreeSet<String>,
    irregularities: &'a mut Vec<Irregularity>,
}

impl Laying<'_> {
    fn lay(&mut self, path: &str, entry: TarEntry) -> Result<(), SourceError> {
        let real = match path::split(path) {
            None => String::new(),
            Some((folder, name)) => path::join(&inside(self.tree, folder)?, name),
        };
        self.parents(&real)?;
        let kind = self.kind(&real, &entry)?;
        let is_directory = matches!(kind, Kind::Directory);
        if real.is_empty() && !is_directory {
            return Err(SourceError::Refused(
                "a layer has something else than a directory for the root".to_owned(),
            ));
        }
        if !self.seen.insert(real.clone()) && !is_directory {
            self.irregularities.push(Irregularity::Duplicate {
                layer: self.layer,
                path: real.clone(),
            });
        }
        let replaces = self
            .tree
            .get(&real)
            .is_some_and(|there| !(there.is_directory() && is_directory));
        if replaces {
            remove(self.tree, &real, self.layer, false);
        }
        let is_link = entry.kind == TarKind::Hardlink;
        let node = match self.linked(is_link, &entry) {
            Some(mut node) => {
                node.layer = self.layer;
                node.is_link = true;
                node
            }
            None => Node {
                kind,
                mode: entry.mode,
                uid: entry.uid,
                gid: entry.gid,
                mtime: entry.mtime,
                attributes: entry.attributes,
                layer: self.layer,
                is_link,
            },
        };
        self.tree.nodes.insert(real, node);
        Ok(())
    }

    /// Makes the directories that something lies in; what is in their way is refused.
    fn parents(&mut self, path: &str) -> Result<(), SourceError> {
        let mut folder = path::split(path).map(|(folder, _)| folder);
        while let Some(here) = folder.filter(|here| !here.is_empty()) {
            match self.tree.get(here) {
                Some(node) if node.is_directory() => return Ok(()),
                Some(_) => {
                    return Err(SourceError::Refused(format!(
                        "{path:?} lies in {here:?}, which is no directory"
                    )));
                }
                None => {}
            }
            let made = Node {
                kind: Kind::Directory,
                mode: 0o755,
                uid: 0,
                gid: 0,
                mtime: 0,
                attributes: BTreeMap::new(),
                layer: self.layer,
                is_link: false,
            };
            self.tree.nodes.insert(here.to_owned(), made);
            folder = path::split(here).map(|(folder, _)| folder);
        }
        Ok(())
    }

    fn linked(&self, is_link: bool, entry: &TarEntry) -> Option<Node> {
        if !is_link {
            return None;
        }
        let target = self.link_target(entry).ok()?;
        self.tree.get(&target).cloned()
    }

    /// Where the file is that a hard link is another name of.
    fn link_target(&self, entry: &TarEntry) -> Result<String, SourceError> {
        let target = path::normal(&entry.link, &Limits::default())?;
        match path::split(&target) {
            None => Ok(target),
            Some((folder, name)) => Ok(path::join(&inside(self.tree, folder)?, name)),
        }
    }

    fn kind(&self, path: &str, entry: &TarEntry) -> Result<Kind, SourceError> {
        let missing = |what: &str| SourceError::Refused(format!("{path:?} {what}"));
        Ok(match entry.kind {
            TarKind::File => Kind::File(
                self.tar
                    .part(entry.offset, entry.size)
                    .ok_or_else(|| missing("has less content than it says"))?,
            ),
            TarKind::Directory => Kind::Directory,
            TarKind::Symlink => Kind::Symlink(path::readable(&entry.link)),
            TarKind::CharacterDevice => Kind::CharacterDevice(entry.device.0, entry.device.1),
            TarKind::BlockDevice => Kind::BlockDevice(entry.device.0, entry.device.1),
            TarKind::Fifo => Kind::Fifo,
            TarKind::Hardlink => {
                let target = self.link_target(entry)?;
                match self.tree.get(&target) {
                    Some(node) if target != path && !node.is_directory() => node.kind.clone(),
                    _ => {
                        return Err(missing(&format!(
                            "is a hard link to {target:?}, which is no file before it"
                        )));
                    }
                }
            }
        })
    }
}
