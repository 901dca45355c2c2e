//! `/etc/passwd`, `/etc/group`, homes, and the numbers that a container runs as.

use std::fmt::Write as _;

use std::collections::BTreeSet;

use super::AssembleError;
use crate::path::TreePath;
use crate::recipe::{Accounts, User};
use crate::tree::{Node, Origin, Tree, TreeError};

const NO_SHELL: &str = "/sbin/nologin";

/// Writes who exists in an image.
pub(super) fn write(tree: &mut Tree, accounts: &Accounts) -> Result<(), AssembleError> {
    check(accounts)?;
    let shell = root_shell(tree)?;
    let mut passwd = String::new();
    let mut group = String::new();
    if accounts.root {
        let _ = writeln!(passwd, "root:x:0:0:root:/root:{shell}");
        group += "root:x:0:\n";
        home(tree, "root", 0, 0, 0o700)?;
    }
    for user in &accounts.users {
        let User {
            name,
            uid,
            gid,
            mode,
        } = user;
        // Debian's apt drops its rights to this user, who has no home.
        let place = if name == "_apt" {
            "/nonexistent".to_owned()
        } else {
            home(
                tree,
                &format!("home/{name}"),
                *uid,
                *gid,
                mode.unwrap_or(0o700),
            )?;
            format!("/home/{name}")
        };
        let _ = writeln!(passwd, "{name}:x:{uid}:{gid}:{name}:{place}:{NO_SHELL}");
    }
    for one in &accounts.groups {
        let _ = writeln!(
            group,
            "{}:x:{}:{}",
            one.name,
            one.gid,
            one.members.join(",")
        );
    }
    for (path, text) in [("etc/passwd", passwd), ("etc/group", group)] {
        tree.put(&path_of(path)?, Node::file(text, Origin::Definition))?;
    }
    Ok(())
}

/// `uid:gid`, in numbers: a kubelet that is to keep root out needs to see that it is not 0.
pub(super) fn run_as(accounts: &Accounts) -> Result<String, AssembleError> {
    let Some(name) = accounts.run_as.as_deref() else {
        return Ok("0:0".to_owned());
    };
    if let Some(user) = accounts.users.iter().find(|user| user.name == name) {
        return Ok(format!("{}:{}", user.uid, user.gid));
    }
    if matches!(name, "root" | "0") {
        return Ok("0:0".to_owned());
    }
    let known = accounts
        .users
        .iter()
        .find(|user| user.uid.to_string() == name);
    match known {
        Some(user) => Ok(format!("{}:{}", user.uid, user.gid)),
        None => Err(AssembleError::UnknownUser(name.to_owned())),
    }
}

fn check(accounts: &Accounts) -> Result<(), AssembleError> {
    let refuse = |text: String| Err(AssembleError::Accounts(text));
    let mut names = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for user in &accounts.users {
        if !is_name(&user.name) {
            return refuse(format!("{:?} is no name for a user", user.name));
        }
        if !names.insert(&user.name) || !numbers.insert(user.uid) {
            return refuse(format!(
                "the user {} ({}) is there twice",
                user.name, user.uid
            ));
        }
    }
    let mut names = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for group in &accounts.groups {
        if !is_name(&group.name) || !group.members.iter().all(|member| is_name(member)) {
            return refuse(format!("{:?} or a member is no name", group.name));
        }
        if !names.insert(&group.name) || !numbers.insert(group.gid) {
            return refuse(format!(
                "the group {} ({}) is there twice",
                group.name, group.gid
            ));
        }
    }
    Ok(())
}

/// As Debian's `useradd` takes names, so that no line of a file can hold another.
fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !text.starts_with(['-', '.'])
}

fn root_shell(tree: &Tree) -> Result<&'static str, TreeError> {
    for shell in ["/bin/bash", "/bin/sh"] {
        if tree.lookup(&path_of(shell)?).is_some() {
            return Ok(shell);
        }
    }
    Ok(NO_SHELL)
}

fn home(tree: &mut Tree, at: &str, uid: u32, gid: u32, mode: u32) -> Result<(), TreeError> {
    let folder = Node::directory(Origin::Definition)
        .with_owner(uid, gid)
        .with_mode(mode);
    tree.put(&path_of(at)?, folder).map(drop)
}

fn path_of(text: &str) -> Result<TreePath, TreeError> {
    Ok(TreePath::new(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Group;

    fn nonroot() -> Accounts {
        Accounts {
            root: true,
            run_as: Some("nonroot".to_owned()),
            users: vec![User {
                name: "nonroot".to_owned(),
                uid: 65532,
                gid: 65532,
                mode: None,
            }],
            groups: vec![Group {
                name: "nonroot".to_owned(),
                gid: 65532,
                members: vec!["nonroot".to_owned()],
            }],
        }
    }

    fn text(tree: &Tree, path: &str) -> String {
        let node = tree.get(&TreePath::new(path).unwrap()).unwrap();
        String::from_utf8(node.content().unwrap().read(1 << 20).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn nobody_can_log_in_and_the_user_is_a_number() {
        let mut tree = Tree::new();
        write(&mut tree, &nonroot()).unwrap();
        assert_eq!(
            text(&tree, "etc/passwd"),
            "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
        );
        assert_eq!(
            text(&tree, "etc/group"),
            "root:x:0:\nnonroot:x:65532:nonroot\n"
        );
        assert_eq!(run_as(&nonroot()).unwrap(), "65532:65532");
        let home = tree.get(&TreePath::new("home/nonroot").unwrap()).unwrap();
        assert_eq!((home.uid, home.gid, home.mode), (65532, 65532, 0o700));
    }

    #[test]
    fn names_that_would_forge_a_line_are_refused() {
        for name in ["", "a:b", "root\nx", "-x", &"x".repeat(33)] {
            let mut accounts = nonroot();
            accounts.users[0].name = name.to_owned();
            assert!(write(&mut Tree::new(), &accounts).is_err(), "{name:?}");
        }
        let mut twice = nonroot();
        twice.users.push(User {
            name: "other".to_owned(),
            ..twice.users[0].clone()
        });
        assert!(write(&mut Tree::new(), &twice).is_err());
        let mut stranger = nonroot();
        stranger.run_as = Some("nobody".to_owned());
        assert!(run_as(&stranger).is_err());
    }
}
