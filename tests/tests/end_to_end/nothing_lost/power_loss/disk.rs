//! A disk on which only fsync makes anything last: the content of a file by a
//! sync of the file, a name by a sync of its folder. Stricter than any file
//! system in use; a program that survives on it survives on all.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::node::{FileOperation, FolderOperation, Node, Number};
use super::trace::Call;

/// What is in memory and what has reached the medium.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
    nodes: Vec<Rc<Node>>,
    open: HashMap<i64, Rc<std::cell::Cell<Position>>>,
    /// Syncs that have begun and not ended: how many of the node's operations they cover.
    syncing: HashMap<u32, (Number, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    node: Number,
    at: u64,
    append: bool,
}

impl Disk {
    /// An empty folder `root`, which itself will last.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            nodes: vec![Rc::new(Node::folder())],
            open: HashMap::new(),
            syncing: HashMap::new(),
        }
    }

    /// Whether the call changes what is on the medium.
    pub fn makes_durable(&self, call: &Call) -> bool {
        match call {
            Call::Sync { thread, .. } => self
                .syncing
                .get(thread)
                .is_some_and(|(_, count)| *count > 0),
            Call::SyncAll => true,
            _ => false,
        }
    }

    /// The effect of one call, if it concerns this folder.
    pub fn apply(&mut self, call: Call) {
        match call {
            Call::Open {
                path,
                descriptor,
                truncate,
                append,
                unnamed,
            } => {
                self.open.remove(&descriptor);
                let node = if unnamed {
                    Some(self.add(Node::file()))
                } else {
                    self.open_or_create(&path)
                };
                let Some(node) = node else { return };
                if truncate {
                    self.change(node, FileOperation::Resize(0));
                }
                self.open.insert(
                    descriptor,
                    Rc::new(std::cell::Cell::new(Position {
                        node,
                        at: 0,
                        append,
                    })),
                );
            }
            Call::Close { descriptor } => drop(self.open.remove(&descriptor)),
            Call::Duplicate { from, to } => {
                self.open.remove(&to);
                if let Some(position) = self.open.get(&from).cloned() {
                    self.open.insert(to, position);
                }
            }
            Call::Write {
                descriptor,
                at,
                bytes,
            } => self.write(descriptor, at, bytes),
            Call::Seek {
                descriptor,
                position,
            } => {
                if let Some(open) = self.open.get(&descriptor) {
                    open.set(Position {
                        at: position,
                        ..open.get()
                    });
                }
            }
            Call::Resize { descriptor, size } => {
                if let Some(node) = self.node_of(descriptor) {
                    self.change(node, FileOperation::Resize(usize::try_from(size).unwrap()));
                }
            }
            Call::Extend { descriptor, size } => {
                let size = usize::try_from(size).unwrap();
                if let Some(node) = self.node_of(descriptor)
                    && self.length(node) < size
                {
                    self.change(node, FileOperation::Resize(size));
                }
            }
            Call::BeginSync { thread, descriptor } => {
                if let Some(node) = self.node_of(descriptor) {
                    self.syncing
                        .insert(thread, (node, self.nodes[node].pending()));
                }
            }
            Call::Sync { thread, .. } => {
                if let Some((node, count)) = self.syncing.remove(&thread) {
                    Rc::make_mut(&mut self.nodes[node]).sync(count);
                }
            }
            Call::SyncAll => self
                .nodes
                .iter_mut()
                .for_each(|node| Rc::make_mut(node).sync(usize::MAX)),
            Call::MakeFolder { path } => {
                if let Some((folder, name)) = self.place(&path) {
                    let node = self.add(Node::folder());
                    self.rename(folder, FolderOperation::Put(name, node));
                }
            }
            Call::Rename { from, to } => self.move_name(&from, &to, true),
            Call::Link { from, to } => self.move_name(&from, &to, false),
            Call::Name { descriptor, path } => {
                if let (Some(node), Some((folder, name))) =
                    (self.node_of(descriptor), self.place(&path))
                {
                    self.rename(folder, FolderOperation::Put(name, node));
                }
            }
            Call::Remove { path } => {
                if let Some((folder, name)) = self.place(&path) {
                    self.rename(folder, FolderOperation::Remove(name));
                }
            }
            Call::Answered { .. } => {}
        }
    }

    /// Writes the folder as it would be found: what lasts, and of what was not synced a
    /// beginning of each file's and folder's operations, `share` of them on average.
    pub fn write_out(&self, target: &Path, share: f64, random: &mut StdRng) {
        self.write_node(0, target, share, random);
    }

    fn write_node(&self, node: Number, target: &Path, share: f64, random: &mut StdRng) {
        let kept = |pending: usize, random: &mut StdRng| {
            (0..pending)
                .take_while(|_| random.random_bool(share))
                .count()
        };
        match &*self.nodes[node] {
            Node::File {
                durable, pending, ..
            } => {
                let mut content = durable.clone();
                let count = kept(pending.len(), random);
                pending[..count]
                    .iter()
                    .for_each(|operation| operation.apply(&mut content));
                fs::write(target, content).expect("write a file");
            }
            Node::Folder {
                durable, pending, ..
            } => {
                let mut names = durable.clone();
                let count = kept(pending.len(), random);
                pending[..count]
                    .iter()
                    .for_each(|operation| operation.apply(&mut names));
                fs::create_dir(target).expect("create a folder");
                for (name, child) in names {
                    self.write_node(child, &target.join(name), share, random);
                }
            }
        }
    }

    fn write(&mut self, descriptor: i64, at: Option<u64>, bytes: Vec<u8>) {
        let Some(open) = self.open.get(&descriptor).cloned() else {
            return;
        };
        let position = open.get();
        if !matches!(*self.nodes[position.node], Node::File { .. }) {
            return;
        }
        let start = match at {
            Some(at) => usize::try_from(at).unwrap(),
            None if position.append => self.length(position.node),
            None => usize::try_from(position.at).unwrap(),
        };
        if at.is_none() {
            open.set(Position {
                at: (start + bytes.len()) as u64,
                ..position
            });
        }
        self.change(position.node, FileOperation::Write { at: start, bytes });
    }

    fn change(&mut self, node: Number, operation: FileOperation) {
        if let Node::File {
            current, pending, ..
        } = Rc::make_mut(&mut self.nodes[node])
        {
            operation.apply(current);
            pending.push(operation);
        }
    }

    fn rename(&mut self, folder: Number, operation: FolderOperation) {
        if let Node::Folder {
            current, pending, ..
        } = Rc::make_mut(&mut self.nodes[folder])
        {
            operation.apply(current);
            pending.push(operation);
        }
    }

    fn move_name(&mut self, from: &Path, to: &Path, remove: bool) {
        let (Some(source), Some(target)) = (self.place(from), self.place(to)) else {
            return;
        };
        let Some(node) = self.child(source.0, &source.1) else {
            return;
        };
        self.rename(target.0, FolderOperation::Put(target.1, node));
        if remove {
            self.rename(source.0, FolderOperation::Remove(source.1));
        }
    }

    fn add(&mut self, node: Node) -> Number {
        self.nodes.push(Rc::new(node));
        self.nodes.len() - 1
    }

    fn length(&self, node: Number) -> usize {
        match &*self.nodes[node] {
            Node::File { current, .. } => current.len(),
            Node::Folder { .. } => 0,
        }
    }

    fn node_of(&self, descriptor: i64) -> Option<Number> {
        self.open.get(&descriptor).map(|open| open.get().node)
    }

    fn child(&self, folder: Number, name: &str) -> Option<Number> {
        match &*self.nodes[folder] {
            Node::Folder { current, .. } => current.get(name).copied(),
            Node::File { .. } => None,
        }
    }

    /// The folder of a path below the root, and its last name.
    fn place(&self, path: &Path) -> Option<(Number, String)> {
        let inner = path.strip_prefix(&self.root).ok()?;
        let name = inner.file_name()?.to_str()?.to_owned();
        let mut folder = 0;
        for step in inner.parent()? {
            folder = self.child(folder, step.to_str()?)?;
        }
        Some((folder, name))
    }

    fn open_or_create(&mut self, path: &Path) -> Option<Number> {
        if path == self.root {
            return Some(0);
        }
        let (folder, name) = self.place(path)?;
        if let Some(node) = self.child(folder, &name) {
            return Some(node);
        }
        // The call succeeded, so it made the file.
        let node = self.add(Node::file());
        self.rename(folder, FolderOperation::Put(name, node));
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn written(disk: &Disk) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("after");
        disk.write_out(&target, 0.0, &mut StdRng::seed_from_u64(1));
        (folder, target)
    }

    fn open(path: &str, descriptor: i64) -> Call {
        Call::Open {
            path: path.into(),
            descriptor,
            truncate: false,
            append: false,
            unnamed: false,
        }
    }

    #[test]
    fn keeps_only_what_was_synced() {
        let mut disk = Disk::new(Path::new("/data"));
        disk.apply(open("/data/a", 3));
        disk.apply(Call::Write {
            descriptor: 3,
            at: None,
            bytes: b"one".to_vec(),
        });
        disk.apply(Call::BeginSync {
            thread: 1,
            descriptor: 3,
        });
        disk.apply(Call::Write {
            descriptor: 3,
            at: None,
            bytes: b"two".to_vec(),
        });
        disk.apply(Call::Sync {
            thread: 1,
            descriptor: 3,
        });
        assert!(
            !written(&disk).1.join("a").exists(),
            "the name was not synced"
        );
        disk.apply(open("/data", 4));
        disk.apply(Call::BeginSync {
            thread: 1,
            descriptor: 4,
        });
        disk.apply(Call::Sync {
            thread: 1,
            descriptor: 4,
        });
        let (_folder, target) = written(&disk);
        assert_eq!(
            fs::read(target.join("a")).unwrap(),
            b"one",
            "the second write came after the sync began"
        );
    }

    #[test]
    fn a_renamed_file_is_found_under_its_old_name_until_the_folder_is_synced() {
        let mut disk = Disk::new(Path::new("/data"));
        disk.apply(open("/data/a", 3));
        disk.apply(Call::SyncAll);
        disk.apply(Call::Rename {
            from: "/data/a".into(),
            to: "/data/b".into(),
        });
        let (_folder, target) = written(&disk);
        assert!(target.join("a").exists() && !target.join("b").exists());
    }
}
