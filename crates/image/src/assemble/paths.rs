//! The changes to paths that a definition asks for, one after another.

use super::AssembleError;
use crate::path::TreePath;
use crate::recipe::{PathAction, PathRule};
use crate::tree::{Node, Origin, Tree};

/// Does what the rules say.
pub(super) fn apply(tree: &mut Tree, rules: &[PathRule]) -> Result<(), AssembleError> {
    for rule in rules {
        apply_one(tree, rule)?;
    }
    Ok(())
}

fn apply_one(tree: &mut Tree, rule: &PathRule) -> Result<(), AssembleError> {
    let origin = Origin::Definition;
    let there = tree.get(&rule.path).cloned();
    let node = match &rule.action {
        PathAction::Delete => {
            tree.remove(&rule.path);
            return Ok(());
        }
        PathAction::Directory => there
            .filter(Node::is_directory)
            .unwrap_or_else(|| Node::directory(origin)),
        PathAction::EmptyFile => there
            .filter(|node| node.content().is_some())
            .unwrap_or_else(|| Node::file("", origin)),
        PathAction::File(text) => Node::file(text.clone(), origin),
        PathAction::Copy(from) => match tree.lookup(from) {
            Some((_, node)) if node.content().is_some() => node.clone(),
            _ => {
                return Err(AssembleError::NothingToCopy {
                    path: rule.path.clone(),
                    from: from.clone(),
                });
            }
        },
        PathAction::Symlink(target) => Node::symlink(target, origin),
    };
    let placed = tree.put(&rule.path, dressed(node, rule))?;
    if rule.recursive {
        let below: Vec<TreePath> = tree.below(&placed).map(|(path, _)| path.clone()).collect();
        for path in below {
            if let Some(node) = tree.get_mut(&path) {
                *node = dressed(node.clone(), rule);
            }
        }
    }
    Ok(())
}

/// The node with the rule's owner and mode. A symbolic link keeps its mode, which means nothing.
fn dressed(mut node: Node, rule: &PathRule) -> Node {
    let (uid, gid) = rule.owner;
    node.uid = uid.unwrap_or(node.uid);
    node.gid = gid.unwrap_or(node.gid);
    if let Some(mode) = rule
        .mode
        .filter(|_| node.is_directory() || node.content().is_some())
    {
        node = node.with_mode(mode);
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, action: PathAction) -> PathRule {
        PathRule {
            path: TreePath::new(path).unwrap(),
            action,
            owner: (Some(65532), Some(65532)),
            mode: Some(0o750),
            recursive: false,
        }
    }

    #[test]
    fn rules_work_one_after_another() {
        let mut tree = Tree::new();
        let rules = [
            rule("/var/lib/app/cache", PathAction::Directory),
            rule("/etc/app.conf", PathAction::File("x=1\n".to_owned())),
            rule("/etc/app.link", PathAction::Symlink("app.conf".to_owned())),
            rule("/etc/empty", PathAction::EmptyFile),
            rule("/etc/app.conf", PathAction::EmptyFile),
            PathRule {
                recursive: true,
                mode: Some(0o700),
                ..rule("/var/lib/app", PathAction::Directory)
            },
            rule("/etc/empty", PathAction::Delete),
        ];
        apply(&mut tree, &rules).unwrap();
        let facts = |path: &str| {
            tree.get(&TreePath::new(path).unwrap())
                .map(|node| (node.uid, node.mode, node.size()))
        };
        assert_eq!(facts("var/lib/app/cache"), Some((65532, 0o700, 0)));
        assert_eq!(facts("var/lib"), Some((0, 0o755, 0)));
        assert_eq!(
            facts("etc/app.conf"),
            Some((65532, 0o750, 4)),
            "an empty file does not empty one"
        );
        assert_eq!(facts("etc/app.link"), Some((65532, 0o777, 0)));
        assert_eq!(facts("etc/empty"), None);
    }
}
