//! Documents below `/opt/docker/sbom` about software that no package brought, so that each program of an image is
//! declared in it. What they say: `sbom/declaration.rs`.

use std::collections::BTreeMap;

use super::AssembleError;
use crate::epoch::Epoch;
use crate::path::TreePath;
use crate::recipe::{BroughtFile, Software};
use crate::sbom;
use crate::tree::{Node, Origin, Tree};

/// Writes a document for each piece of software; one that a definition brought itself stays.
pub(super) fn write(
    tree: &mut Tree,
    files: &[BroughtFile],
    epoch: Epoch,
    version: &str,
) -> Result<(), AssembleError> {
    let mut pieces: BTreeMap<&str, (&Software, Vec<&BroughtFile>)> = BTreeMap::new();
    let documents = TreePath::new(sbom::DECLARATIONS)?;
    for file in files.iter().filter(|file| !file.path.is_below(&documents)) {
        if let Some(software) = &file.software {
            let piece = pieces.entry(&software.name);
            piece.or_insert_with(|| (software, Vec::new())).1.push(file);
        }
    }
    for (name, (software, files)) in pieces {
        let path = sbom::declaration_path(name)?;
        if tree.lookup(&path).is_some() {
            continue;
        }
        let text = sbom::declaration(software, &files, epoch, version)?;
        tree.put(&path, Node::file(text, Origin::Artifact(name.into())))?;
    }
    Ok(())
}
