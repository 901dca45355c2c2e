//! Following links inside the tree. `..` at the root stays at the root, as in a container.

use std::collections::VecDeque;

use super::{Kind, Node, Origin, Tree, TreeError};
use crate::path::TreePath;

/// As many links on one way as Linux follows (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

impl Tree {
    /// The path that a container's kernel would end at: all links followed, the last one too.
    /// What does not exist is taken by its name.
    ///
    /// # Errors
    /// When links lead in a circle, or through something that is no folder.
    pub fn resolve(&self, path: &TreePath) -> Result<TreePath, TreeError> {
        self.walk(path, true)
    }

    /// The node that a container's kernel would find there, and its true path.
    pub fn lookup(&self, path: &TreePath) -> Option<(TreePath, &Node)> {
        let path = self.resolve(path).ok()?;
        let node = self.nodes.get(&path)?;
        Some((path, node))
    }

    /// The path with the links of its folders followed, and those folders made when they are missing.
    pub(super) fn make_way(
        &mut self,
        path: &TreePath,
        origin: &Origin,
    ) -> Result<TreePath, TreeError> {
        let place = self.walk(path, false)?;
        let mut missing = Vec::new();
        let mut above = place.parent();
        while let Some(folder) = above {
            match self.nodes.get(&folder) {
                Some(node) if node.is_directory() => break,
                Some(_) => return Err(TreeError::NotADirectory { path: folder }),
                None => {
                    above = folder.parent();
                    missing.push(folder);
                }
            }
        }
        for folder in missing {
            self.insert(folder, Node::directory(origin.clone()))?;
        }
        Ok(place)
    }

    pub(super) fn leads_to_directory(&self, path: &TreePath) -> bool {
        self.lookup(path)
            .is_some_and(|(_, node)| node.is_directory())
    }

    fn walk(&self, path: &TreePath, last_too: bool) -> Result<TreePath, TreeError> {
        let mut rest: VecDeque<String> = path.parts().map(str::to_owned).collect();
        let mut here = TreePath::root();
        let mut followed = 0;
        while let Some(part) = rest.pop_front() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    here = here.parent().unwrap_or_else(TreePath::root);
                    continue;
                }
                _ => {}
            }
            let next = here.join(&part)?;
            match self.nodes.get(&next).map(|node| &node.kind) {
                Some(Kind::Symlink(target)) if last_too || !rest.is_empty() => {
                    followed += 1;
                    if followed > MOST_LINKS {
                        return Err(TreeError::LinkCycle { path: path.clone() });
                    }
                    if target.starts_with('/') {
                        here = TreePath::root();
                    }
                    for part in target.split('/').rev() {
                        rest.push_front(part.to_owned());
                    }
                }
                Some(Kind::File(_)) if !rest.is_empty() => {
                    return Err(TreeError::NotADirectory { path: next });
                }
                _ => here = next,
            }
        }
        Ok(here)
    }
}
