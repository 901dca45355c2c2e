//! Packages into the tree, file by file, as their own tools would unpack them. Nothing of theirs is run.

use std::collections::BTreeSet;

use seawall_packages::{Entry, EntryKind, Format, Package};

use super::AssembleError;
use crate::path::TreePath;
use crate::tree::{Content, Node, Origin, Tree};

/// Unpacks packages in the order of their names, whatever order they come in.
pub(super) fn unpack(tree: &mut Tree, packages: &[Package]) -> Result<(), AssembleError> {
    let mut packages: Vec<&Package> = packages.iter().collect();
    packages.sort_by(|one, two| one.name.cmp(&two.name));
    // /lib → usr/lib and its like come first, so that every other file finds its way through them.
    for package in &packages {
        for entry in &package.files {
            if matches!(entry.kind, EntryKind::Symlink(_)) && !entry.path.contains('/') {
                place(tree, package, entry)?;
            }
        }
    }
    for package in packages {
        for entry in &package.files {
            place(tree, package, entry)?;
        }
    }
    Ok(())
}

fn place(tree: &mut Tree, package: &Package, entry: &Entry) -> Result<(), AssembleError> {
    let path = TreePath::new(&entry.path)?;
    let origin = Origin::Package(package.name.as_str().into());
    let node = match &entry.kind {
        EntryKind::Directory => Node::directory(origin),
        EntryKind::File(bytes) => Node::file(Content::Memory(bytes.clone()), origin),
        EntryKind::Symlink(target) => Node::symlink(target, origin),
        EntryKind::Hardlink(target) => {
            tree.link(&path, &TreePath::new(target)?, &origin)?;
            return Ok(());
        }
    };
    let mut node = node
        .with_owner(entry.uid, entry.gid)
        .with_mode(entry.mode)
        .with_mtime(entry.mtime);
    node.attributes = entry.attributes.iter().cloned().collect();
    let yields = replaced_by(package);
    tree.place(&path, node, |there| yields.contains(there.name()))?;
    Ok(())
}

/// The packages whose files this one may take over (Debian policy 7.6; `replaces` of Alpine).
fn replaced_by(package: &Package) -> BTreeSet<&str> {
    let fields = package.control.iter();
    match package.format {
        Format::Deb => fields
            .filter(|(name, _)| name.eq_ignore_ascii_case("Replaces"))
            .flat_map(|(_, value)| value.split(','))
            .filter_map(|one| one.trim().split([' ', '(', ':']).next())
            .collect(),
        Format::Apk => fields
            .filter(|(name, _)| name == "replaces")
            .filter_map(|(_, value)| value.split(['<', '>', '=', '~', ' ']).next())
            .collect(),
    }
}
