//! The tar archive of one layer: GNU's format, entries in the order of paths, no names of users,
//! no time but the last change. The root itself is not listed.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use tar::{Builder, EntryType, Header};

use super::LayerPlan;
use crate::epoch::Epoch;
use crate::layout::LayoutError;
use crate::tree::{Content, Kind, Node};

/// What a file of several names is told by: two names are one file when all of these agree.
type Identity = (u32, u32, u32, u32, u64);

pub(super) fn write<W: Write>(
    plan: &LayerPlan<'_>,
    epoch: Epoch,
    into: W,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<W, LayoutError> {
    let mut archive = Builder::new(into);
    let mut first_names: BTreeMap<Identity, &str> = BTreeMap::new();
    for (path, node) in &plan.nodes {
        let mtime = epoch.clamp(node.mtime);
        attributes(&mut archive, node)?;
        match &node.kind {
            Kind::Directory => {
                let mut header = header(EntryType::Directory, node, mtime);
                let name = format!("{}/", path.as_str());
                archive.append_data(&mut header, name, io::empty())?;
            }
            Kind::Symlink(target) => {
                let mut header = header(EntryType::Symlink, node, mtime);
                append_link(&mut archive, &mut header, path.as_str(), target)?;
            }
            Kind::File(content) => {
                let identity = node
                    .link_group()
                    .map(|link| (link, node.mode, node.uid, node.gid, mtime));
                let first = identity.and_then(|identity| first_names.get(&identity).copied());
                if let Some(first) = first {
                    let mut header = header(EntryType::Link, node, mtime);
                    append_link(&mut archive, &mut header, path.as_str(), first)?;
                    continue;
                }
                if let Some(identity) = identity {
                    first_names.insert(identity, path.as_str());
                }
                let mut header = header(EntryType::Regular, node, mtime);
                header.set_size(content.size());
                let from =
                    Exact::open(content, progress).map_err(|source| LayoutError::Content {
                        path: (*path).clone(),
                        source,
                    })?;
                archive
                    .append_data(&mut header, path.as_str(), from)
                    .map_err(|source| LayoutError::Content {
                        path: (*path).clone(),
                        source,
                    })?;
            }
        }
    }
    Ok(archive.into_inner()?)
}

fn header(kind: EntryType, node: &Node, mtime: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(node.mode & 0o7777);
    header.set_uid(u64::from(node.uid));
    header.set_gid(u64::from(node.gid));
    header.set_mtime(mtime);
    header.set_size(0);
    header
}

/// A link with its target exactly as given; the crate would tidy `./a` and `a//b`.
fn append_link<W: Write>(
    archive: &mut Builder<W>,
    header: &mut Header,
    path: &str,
    target: &str,
) -> io::Result<()> {
    if header.set_link_name_literal(target).is_ok() {
        archive.append_data(header, path, io::empty())
    } else {
        archive.append_link(header, path, target)
    }
}

/// Extended attributes, as GNU tar and container engines write them.
fn attributes<W: Write>(archive: &mut Builder<W>, node: &Node) -> io::Result<()> {
    if node.attributes.is_empty() {
        return Ok(());
    }
    let records: Vec<(String, &[u8])> = node
        .attributes
        .iter()
        .map(|(name, value)| (format!("SCHILY.xattr.{name}"), &value[..]))
        .collect();
    archive.append_pax_extensions(records.iter().map(|(name, value)| (name.as_str(), *value)))
}

/// A content that must have exactly the length that the archive's header says.
struct Exact<'p> {
    from: Box<dyn Read + Send>,
    left: u64,
    progress: &'p (dyn Fn(u64) + Sync),
}

impl<'p> Exact<'p> {
    fn open(content: &Content, progress: &'p (dyn Fn(u64) + Sync)) -> io::Result<Self> {
        Ok(Self {
            from: content.open()?,
            left: content.size(),
            progress,
        })
    }
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.from.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was read",
            ));
        }
        self.left -= read as u64;
        (self.progress)(read as u64);
        Ok(read)
    }
}
