//! What the scripts of Debian's packages would leave behind and later work in the image needs: standard accounts, shared
//! names, root's folders, the list of certificates. The scripts themselves are not run: an image for another machine is built
//! without it. Images that nobody works in (`runtime`) have none of this.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use seawall_packages::Package;

use super::{AssembleError, alternatives};
use crate::path::TreePath;
use crate::tree::{Node, Origin, Tree, TreeError};

/// A text file of the system that is larger is none, in bytes.
const MOST_BYTES: u64 = 1 << 20;
/// Copies that scripts make once: from, to. Of base-files, libc-bin and debianutils.
const COPIES: [(&str, &str); 6] = [
    ("usr/share/base-files/dot.profile", "root/.profile"),
    ("usr/share/base-files/dot.bashrc", "root/.bashrc"),
    ("usr/share/base-files/profile", "etc/profile"),
    ("usr/share/base-files/motd", "etc/motd"),
    ("usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf"),
    ("usr/share/debianutils/shells", "etc/shells"),
];
/// Folders of base-files.
const FOLDERS: [&str; 13] = [
    "media",
    "mnt",
    "opt",
    "srv",
    "usr/local/bin",
    "usr/local/etc",
    "usr/local/include",
    "usr/local/lib",
    "usr/local/sbin",
    "usr/local/share/ca-certificates",
    "usr/local/share/man",
    "usr/local/src",
    "var/opt",
];
const LISTED: &str = "usr/share/ca-certificates";

/// Writes all of it.
pub(super) fn write(tree: &mut Tree, packages: &[Package]) -> Result<(), AssembleError> {
    for (from, to) in COPIES {
        let to = TreePath::new(to)?;
        let found = tree.lookup(&TreePath::new(from)?);
        let copy = found
            .map(|(_, node)| node.clone())
            .filter(|node| node.content().is_some());
        if let Some(copy) = copy.filter(|_| tree.lookup(&to).is_none()) {
            tree.put(&to, copy)?;
        }
    }
    if tree
        .lookup(&TreePath::new("usr/share/base-files")?)
        .is_some()
    {
        base_files(tree)?;
    }
    for (file, fields) in [("passwd", 7), ("group", 4)] {
        standard_accounts(tree, file, fields)?;
    }
    if tree
        .lookup(&TreePath::new("usr/sbin/update-ca-certificates")?)
        .is_some()
    {
        list_certificates(tree)?;
    }
    alternatives::write(tree, packages)
}

fn base_files(tree: &mut Tree) -> Result<(), AssembleError> {
    for folder in FOLDERS {
        let path = TreePath::new(folder)?;
        if tree.lookup(&path).is_none() {
            tree.put(&path, Node::directory(Origin::Definition))?;
        }
    }
    for (path, target) in [("var/run", "/run"), ("var/lock", "/run/lock")] {
        let path = TreePath::new(path)?;
        let empty =
            tree.get(&path).is_some_and(Node::is_directory) && tree.below(&path).next().is_none();
        if empty {
            tree.remove(&path);
            tree.put(&path, Node::symlink(target, Origin::Definition))?;
        }
    }
    for (path, gid, mode) in [("var/mail", 8, 0o2775), ("run/lock", 0, 0o1777)] {
        let folder = Node::directory(Origin::Definition)
            .with_owner(0, gid)
            .with_mode(mode);
        tree.put(&TreePath::new(path)?, folder)?;
    }
    let vendor = TreePath::new("etc/dpkg/origins/debian")?;
    let default = TreePath::new("etc/dpkg/origins/default")?;
    if tree.lookup(&vendor).is_some() && tree.lookup(&default).is_none() {
        tree.put(&default, Node::symlink("debian", Origin::Definition))?;
    }
    Ok(())
}

/// Debian's standard users and groups, whom its packages count on; what the definition says goes first.
fn standard_accounts(tree: &mut Tree, file: &str, fields: usize) -> Result<(), AssembleError> {
    let master = TreePath::new(&format!("usr/share/base-passwd/{file}.master"))?;
    let path = TreePath::new(&format!("etc/{file}"))?;
    let (Some(master), Some(mut own)) = (text(tree, &master)?, text(tree, &path)?) else {
        return Ok(());
    };
    let parts = |line: &str| {
        let mut parts = line.split(':').map(str::to_owned);
        Some((parts.next()?, parts.nth(1)?))
    };
    let (names, numbers): (BTreeSet<String>, BTreeSet<String>) =
        own.lines().filter_map(parts).unzip();
    for line in master.lines() {
        let whole = line.split(':').count() == fields;
        if let Some((name, number)) = parts(line).filter(|_| whole)
            && !names.contains(&name)
            && !numbers.contains(&number)
        {
            let _ = writeln!(own, "{line}");
        }
    }
    tree.put(&path, Node::file(own, Origin::Definition))?;
    Ok(())
}

/// The certificates that `update-ca-certificates` makes the bundle of: all, as they are in it now.
fn list_certificates(tree: &mut Tree) -> Result<(), AssembleError> {
    let list = TreePath::new("etc/ca-certificates.conf")?;
    let folder = TreePath::new(LISTED)?;
    let mut text = String::from(
        "# Which of /usr/share/ca-certificates are trusted; one with ! before it is not.\n",
    );
    for (path, node) in tree.below(&folder) {
        let below = path.as_str().strip_prefix(LISTED).unwrap_or_default();
        if node.content().is_some() && super::certificates::is_named(path) {
            let _ = writeln!(text, "{}", below.trim_start_matches('/'));
        }
    }
    if tree.lookup(&list).is_none() {
        tree.put(&list, Node::file(text, Origin::Definition))?;
    }
    Ok(())
}

fn text(tree: &Tree, path: &TreePath) -> Result<Option<String>, AssembleError> {
    let Some(content) = tree.lookup(path).and_then(|(_, node)| node.content()) else {
        return Ok(None);
    };
    let bytes = content
        .read(MOST_BYTES)
        .map_err(|source| TreeError::Content {
            path: path.clone(),
            source,
        })?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(tree: &mut Tree, path: &str, text: &'static str) {
        let node = Node::file(text, Origin::Package("p".into()));
        tree.put(&TreePath::new(path).unwrap(), node).unwrap();
    }

    fn read(tree: &Tree, path: &str) -> String {
        text(tree, &TreePath::new(path).unwrap()).unwrap().unwrap()
    }

    #[test]
    fn standard_accounts_join_those_of_the_definition() {
        let mut tree = Tree::new();
        add(
            &mut tree,
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\n_apt:x:42:65532:_apt:/nonexistent:/sbin/nologin\n",
        );
        add(
            &mut tree,
            "usr/share/base-passwd/passwd.master",
            "root:*:0:0:root:/root:/bin/bash\n_apt:*:42:65534::/nonexistent:/usr/sbin/nologin\nmail:*:8:8:mail:/var/mail:/usr/sbin/nologin\nbroken:*:9\n",
        );
        write(&mut tree, &[]).unwrap();
        assert_eq!(
            read(&tree, "etc/passwd"),
            "root:x:0:0:root:/root:/bin/bash\n_apt:x:42:65532:_apt:/nonexistent:/sbin/nologin\nmail:*:8:8:mail:/var/mail:/usr/sbin/nologin\n"
        );
    }

    #[test]
    fn certificates_are_listed_where_something_reads_the_list() {
        let mut tree = Tree::new();
        add(&mut tree, "usr/share/ca-certificates/mozilla/b.crt", "b");
        add(
            &mut tree,
            "usr/share/ca-certificates/mozilla/README",
            "no certificate",
        );
        write(&mut tree, &[]).unwrap();
        assert!(
            tree.lookup(&TreePath::new("etc/ca-certificates.conf").unwrap())
                .is_none()
        );
        add(&mut tree, "usr/sbin/update-ca-certificates", "#!/bin/sh");
        write(&mut tree, &[]).unwrap();
        assert!(read(&tree, "etc/ca-certificates.conf").ends_with("not.\nmozilla/b.crt\n"));
    }

    #[test]
    fn folders_are_as_base_files_makes_them() {
        let mut tree = Tree::new();
        add(&mut tree, "usr/share/base-files/dot.profile", "profile");
        let path = TreePath::new("var/run").unwrap();
        tree.put(&path, Node::directory(Origin::Definition))
            .unwrap();
        write(&mut tree, &[]).unwrap();
        assert_eq!(read(&tree, "root/.profile"), "profile");
        assert!(!tree.get(&path).unwrap().is_directory());
        let mail = tree.get(&TreePath::new("var/mail").unwrap()).unwrap();
        assert_eq!((mail.gid, mail.mode), (8, 0o2775));
    }
}
