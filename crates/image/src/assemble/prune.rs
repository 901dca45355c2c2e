//! What a runtime image leaves out of its packages: texts for people who log in, and programs that
//! cannot run because their interpreter or loader is not there. Licences stay.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::AssembleError;
use crate::elf::Program;
use crate::path::TreePath;
use crate::tree::{Kind, Node, Origin, Tree, TreeError};

/// Folders of documentation and of tools that a runtime image does not have.
const FOLDERS: [&str; 9] = [
    "usr/share/bash-completion",
    "usr/share/bug",
    "usr/share/doc-base",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/man",
    "usr/share/menu",
    "usr/share/zsh",
    "etc/update-motd.d",
];
const DOCUMENTATION: &str = "usr/share/doc";
/// A program that is larger is not looked into, and stays.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// The longest first line of a script that Linux reads.
const FIRST_LINE_BYTES: usize = 256;

/// Something that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What.
    pub path: TreePath,
    /// Why.
    pub reason: String,
}

/// Takes it out; says what went.
pub(super) fn prune(tree: &mut Tree) -> Result<Vec<LeftOut>, AssembleError> {
    let mut out = documentation(tree)?;
    for one in &out {
        tree.remove(&one.path);
    }
    // What one program needs may itself have gone, so again until nothing goes.
    loop {
        let broken = cannot_run(tree)?;
        if broken.is_empty() {
            break;
        }
        for one in &broken {
            tree.remove(&one.path);
        }
        out.extend(broken);
    }
    out.extend(dangling(tree));
    remove_empty_folders(tree, &out);
    out.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(out)
}

fn documentation(tree: &Tree) -> Result<Vec<LeftOut>, AssembleError> {
    let mut folders = Vec::new();
    for folder in FOLDERS {
        folders.push(TreePath::new(folder)?);
    }
    let documentation = TreePath::new(DOCUMENTATION)?;
    Ok(from_packages(tree)
        .filter(|(_, node)| !node.is_directory())
        .filter(|(path, node)| {
            folders.iter().any(|folder| path.is_below(folder))
                || (path.is_below(&documentation) && !is_licence(tree, path, node))
        })
        .map(|(path, _)| LeftOut {
            path: path.clone(),
            reason: "documentation".to_owned(),
        })
        .collect())
}

fn from_packages(tree: &Tree) -> impl Iterator<Item = (&TreePath, &Node)> {
    tree.iter()
        .filter(|(_, node)| matches!(node.origin, Origin::Package(_)))
}

/// A licence's text, or a link that leads to the folder with it.
fn is_licence(tree: &Tree, path: &TreePath, node: &Node) -> bool {
    path.name() == "copyright"
        || (matches!(node.kind, Kind::Symlink(_))
            && tree
                .lookup(path)
                .is_some_and(|(_, node)| node.is_directory()))
}

fn cannot_run(tree: &Tree) -> Result<Vec<LeftOut>, AssembleError> {
    let mut broken = Vec::new();
    for (path, node) in from_packages(tree) {
        let Some(content) = node
            .content()
            .filter(|content| content.size() <= MOST_BYTES)
        else {
            continue;
        };
        let unreadable = |source| TreeError::Content {
            path: path.clone(),
            source,
        };
        let mut start = [0; 4];
        let mut from = content.open().map_err(unreadable)?;
        let read = std::io::Read::read(&mut from, &mut start).map_err(unreadable)?;
        let needed = match &start[..read] {
            [b'#', b'!', ..] if node.mode & 0o111 != 0 => {
                interpreter_of_script(&content.read(MOST_BYTES).map_err(unreadable)?)
            }
            b"\x7fELF" => {
                let bytes = content.read(MOST_BYTES).map_err(unreadable)?;
                // A damaged one is the check's matter.
                Program::examine(&bytes)
                    .ok()
                    .flatten()
                    .and_then(|program| program.interpreter)
            }
            _ => None,
        };
        let Some(needed) = needed else { continue };
        let there = TreePath::new(&needed).is_ok_and(|path| tree.lookup(&path).is_some());
        if !there {
            broken.push(LeftOut {
                path: path.clone(),
                reason: format!("needs {needed}, which is not in the image"),
            });
        }
    }
    Ok(broken)
}

fn interpreter_of_script(script: &Bytes) -> Option<String> {
    let line = &script[2..script.len().min(FIRST_LINE_BYTES)];
    let line = line.split(|byte| *byte == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?;
    if !first.ends_with("/env") {
        return Some(first.to_owned());
    }
    // `env` looks in PATH; what it would look for is what is needed.
    let program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    Some(format!("/usr/bin/{program}"))
}

/// Links of packages that lead to what has gone.
fn dangling(tree: &mut Tree) -> Vec<LeftOut> {
    let found: Vec<LeftOut> = from_packages(tree)
        .filter(|(path, node)| matches!(node.kind, Kind::Symlink(_)) && tree.lookup(path).is_none())
        // Links into folders that fill when the container runs are as they should be.
        .filter(|(path, _)| {
            tree.resolve(path).is_ok_and(|target| {
                !["proc", "run", "sys", "dev"].iter().any(|top| {
                    target.as_str() == *top || target.as_str().starts_with(&format!("{top}/"))
                })
            })
        })
        .map(|(path, _)| LeftOut {
            path: path.clone(),
            reason: "leads to nothing in the image".to_owned(),
        })
        .collect();
    for one in &found {
        tree.remove(&one.path);
    }
    found
}

/// Folders that held nothing but what has gone, unless a link leads to one.
fn remove_empty_folders(tree: &mut Tree, out: &[LeftOut]) {
    let links = tree
        .iter()
        .filter(|(_, node)| matches!(node.kind, Kind::Symlink(_)));
    let named: BTreeSet<TreePath> = links
        .filter_map(|(path, _)| tree.resolve(path).ok())
        .collect();
    for one in out {
        let mut above = one.path.parent();
        while let Some(folder) = above.filter(|folder| folder.parts().count() > 1) {
            if tree.get(&folder).is_some_and(Node::is_directory)
                && tree.below(&folder).next().is_none()
                && !named.contains(&folder)
            {
                tree.remove(&folder);
            }
            above = folder.parent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(tree: &mut Tree, path: &str, text: &'static str, mode: u32) {
        let node = Node::file(text, Origin::Package("p".into())).with_mode(mode);
        tree.put(&TreePath::new(path).unwrap(), node).unwrap();
    }

    #[test]
    fn licences_stay_and_what_cannot_run_goes() {
        let mut tree = Tree::new();
        add(&mut tree, "usr/share/doc/p/copyright", "licence", 0o644);
        add(&mut tree, "usr/share/doc/p/changelog.gz", "changes", 0o644);
        add(&mut tree, "usr/share/man/man1/p.1.gz", "page", 0o644);
        add(&mut tree, "usr/bin/script", "#!/bin/sh\nexit\n", 0o755);
        add(
            &mut tree,
            "usr/bin/by-env",
            "#!/usr/bin/env python3\n",
            0o755,
        );
        add(&mut tree, "usr/share/p/text", "#! no program", 0o644);
        let link = Node::symlink("script", Origin::Package("p".into()));
        tree.put(&TreePath::new("usr/bin/other").unwrap(), link)
            .unwrap();
        let out = prune(&mut tree).unwrap();
        let gone: Vec<&str> = out.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(
            gone,
            [
                "usr/bin/by-env",
                "usr/bin/other",
                "usr/bin/script",
                "usr/share/doc/p/changelog.gz",
                "usr/share/man/man1/p.1.gz"
            ]
        );
        assert_eq!(
            out[0].reason,
            "needs /usr/bin/python3, which is not in the image"
        );
        let left: Vec<String> = tree
            .iter()
            .map(|(path, _)| path.as_str().to_owned())
            .collect();
        assert!(!left.contains(&"usr/share/man".to_owned()), "{left:?}");
        assert!(left.contains(&"usr/share/doc/p/copyright".to_owned()));
    }

    #[test]
    fn a_folder_that_a_link_leads_to_stays_when_it_is_empty() {
        let mut tree = Tree::new();
        add(&mut tree, "usr/sbin/script", "#!/bin/sh\n", 0o755);
        let link = Node::symlink("usr/sbin", Origin::Package("p".into()));
        tree.put(&TreePath::new("sbin").unwrap(), link).unwrap();
        assert_eq!(prune(&mut tree).unwrap().len(), 1);
        let sbin = tree.lookup(&TreePath::new("sbin").unwrap());
        assert!(sbin.is_some_and(|(_, node)| node.is_directory()));
    }

    #[test]
    fn with_its_interpreter_a_script_stays() {
        let mut tree = Tree::new();
        add(&mut tree, "usr/bin/sh", "no real shell", 0o755);
        let link = Node::symlink("usr/bin", Origin::Package("p".into()));
        tree.put(&TreePath::new("bin").unwrap(), link).unwrap();
        add(&mut tree, "usr/bin/script", "#! /bin/sh -e\n", 0o755);
        assert_eq!(prune(&mut tree).unwrap(), []);
    }
}
