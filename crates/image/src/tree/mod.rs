//! The root file system to be: what lies at each path, kept in the order of paths.
//!
//! Links are followed inside the root only, so that nothing that is placed here can land anywhere
//! else. Not here: how it becomes layers (`layer/`), and who fills it (`assemble/`).

mod node;
mod resolve;

use std::collections::BTreeMap;
use std::io;

pub use node::{Content, Kind, Node, Origin};

use crate::path::{PathError, TreePath};

/// The most things that one image may hold.
const MOST_NODES: usize = 2_000_000;

/// Why something cannot be placed in the tree.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Not a path inside an image.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A part of the path is a file, so that nothing can lie below it.
    #[error("nothing can lie below {path}: it is not a folder")]
    NotADirectory {
        /// The part that is no folder.
        path: TreePath,
    },
    /// Links that lead in a circle, or too many of them.
    #[error("the links on the way to {path} lead in a circle")]
    LinkCycle {
        /// What was looked for.
        path: TreePath,
    },
    /// Two sources bring different things for one path.
    #[error("{path} comes from {first} and from {second}, and they differ")]
    Conflict {
        /// The path.
        path: TreePath,
        /// Who brought it first.
        first: String,
        /// Who brought it again.
        second: String,
    },
    /// A hard link to something that is no file in the tree.
    #[error("{path} is to be a hard link to {target}, which is no file of the image")]
    NoTarget {
        /// The link.
        path: TreePath,
        /// What it should lead to.
        target: TreePath,
    },
    /// More than an image can hold.
    #[error("the image holds more than {MOST_NODES} files")]
    TooMany,
    /// A content that cannot be read.
    #[error("cannot read what {path} is to hold")]
    Content {
        /// The path.
        path: TreePath,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A root file system in memory; contents may lie on disk.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: BTreeMap<TreePath, Node>,
    links: u32,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// A tree with nothing but its root folder.
    pub fn new() -> Self {
        let root = Node::directory(Origin::Definition);
        Self {
            nodes: BTreeMap::from([(TreePath::root(), root)]),
            links: 0,
        }
    }

    /// What lies at exactly this path; links in it are not followed.
    pub fn get(&self, path: &TreePath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// The path as the tree holds it, and what lies there.
    pub fn get_key_value(&self, path: &TreePath) -> Option<(&TreePath, &Node)> {
        self.nodes.get_key_value(path)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, path: &TreePath) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    /// All paths and nodes; a folder comes before what lies in it.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Node)> {
        self.nodes.iter()
    }

    /// What lies below a folder, at any depth, in the order of paths.
    pub fn below<'t>(
        &'t self,
        folder: &'t TreePath,
    ) -> impl Iterator<Item = (&'t TreePath, &'t Node)> {
        self.nodes
            .range(folder.clone()..)
            .take_while(move |(path, _)| {
                folder.is_root() || path.as_str().starts_with(folder.as_str())
            })
            .filter(move |(path, _)| path.is_below(folder))
    }

    /// The bytes of all files; a file of several names counts once.
    pub fn size(&self) -> u64 {
        let mut seen = std::collections::BTreeSet::new();
        self.nodes
            .values()
            .filter(|node| node.link.is_none_or(|link| seen.insert(link)))
            .map(Node::size)
            .sum()
    }

    /// How many things lie in it, the root not counted.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether it holds nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a node at a path, in place of what was there. Missing folders are made (0755, root);
    /// links on the way are followed inside the root. A folder that is there keeps what it holds
    /// and takes the new owner and mode.
    ///
    /// # Errors
    /// When a part of the path is no folder, or a folder would be replaced by something else.
    pub fn put(&mut self, path: &TreePath, node: Node) -> Result<TreePath, TreeError> {
        let path = self.make_way(path, &node.origin)?;
        match self.nodes.get(&path) {
            Some(there)
                if there.is_directory()
                    && !node.is_directory()
                    && (path.is_root() || self.below(&path).next().is_some()) =>
            {
                return Err(conflict(&path, there, &node));
            }
            Some(there) if !there.is_directory() && node.is_directory() => {
                return Err(TreeError::NotADirectory { path });
            }
            _ => {}
        }
        self.insert(path.clone(), node)?;
        Ok(path)
    }

    /// Places a node that a package brings. A folder joins one that is there, which keeps its owner and mode;
    /// anything else must be new or equal, unless `replaces` says of the package there that it yields.
    ///
    /// # Errors
    /// When the path is taken by something else.
    pub fn place(
        &mut self,
        path: &TreePath,
        node: Node,
        replaces: impl Fn(&Origin) -> bool,
    ) -> Result<TreePath, TreeError> {
        let path = self.make_way(path, &node.origin)?;
        let Some(there) = self.nodes.get(&path) else {
            self.insert(path.clone(), node)?;
            return Ok(path);
        };
        if node.is_directory() {
            // A link to a folder serves as that folder, as on a system with a merged /usr.
            if there.is_directory() || self.leads_to_directory(&path) {
                if implicit(there) && path.is_root() {
                    self.insert(path.clone(), node)?;
                }
                return Ok(path);
            }
            return Err(conflict(&path, there, &node));
        }
        let same = match (&there.kind, &node.kind) {
            (Kind::File(one), Kind::File(two)) => {
                one.equals(two).map_err(|source| TreeError::Content {
                    path: path.clone(),
                    source,
                })?
            }
            (Kind::Symlink(one), Kind::Symlink(two)) => one == two,
            _ => false,
        };
        if same {
            return Ok(path);
        }
        if there.is_directory() || !replaces(&there.origin) {
            return Err(conflict(&path, there, &node));
        }
        self.insert(path.clone(), node)?;
        Ok(path)
    }

    /// Gives the file at `target` another name.
    ///
    /// # Errors
    /// When there is no file at `target`, or the new name is taken by another thing.
    pub fn link(
        &mut self,
        path: &TreePath,
        target: &TreePath,
        origin: &Origin,
    ) -> Result<TreePath, TreeError> {
        let found = self.resolve(target)?;
        let next = self.links;
        let Some(node) = self
            .nodes
            .get_mut(&found)
            .filter(|node| matches!(node.kind, Kind::File(_)))
        else {
            return Err(TreeError::NoTarget {
                path: path.clone(),
                target: target.clone(),
            });
        };
        if node.link.is_none() {
            node.link = Some(next);
            self.links = self.links.saturating_add(1);
        }
        let mut node = node.clone();
        node.origin = origin.clone();
        self.place(path, node, |_| false)
    }

    /// Takes out what lies at a path, with all that lies below it. Says whether anything was there.
    pub fn remove(&mut self, path: &TreePath) -> bool {
        if path.is_root() {
            return false;
        }
        let below: Vec<TreePath> = self.below(path).map(|(path, _)| path.clone()).collect();
        for path in &below {
            self.nodes.remove(path);
        }
        self.nodes.remove(path).is_some()
    }

    fn insert(&mut self, path: TreePath, node: Node) -> Result<(), TreeError> {
        if self.nodes.len() > MOST_NODES {
            return Err(TreeError::TooMany);
        }
        self.nodes.insert(path, node);
        Ok(())
    }
}

/// Whether nobody said yet what this folder is to be.
fn implicit(node: &Node) -> bool {
    node.origin == Origin::Definition
}

fn conflict(path: &TreePath, first: &Node, second: &Node) -> TreeError {
    TreeError::Conflict {
        path: path.clone(),
        first: first.origin.name().to_owned(),
        second: second.origin.name().to_owned(),
    }
}

#[cfg(test)]
mod tests;
