//! `accounts`: the users and groups of an image, and as whom it runs.

use crate::reader::At;

/// The users and groups of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Whether the entries of root stay in `passwd` and `group`. The default is that they do not.
    pub root: bool,
    /// The name (or number) of the user that the image runs as.
    pub run_as: Option<String>,
    /// Users, in the order of the file.
    pub users: Vec<User>,
    /// Groups, in the order of the file.
    pub groups: Vec<Group>,
}

/// A line of `passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The number of the user's first group, which need not be a group of the image.
    pub gid: u32,
    /// The mode of the home folder.
    pub mode: Option<u32>,
}

/// A line of `group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The group's number.
    pub gid: u32,
    /// Names of its members.
    pub members: Vec<String>,
}

pub(crate) fn read(at: &At<'_>) -> Option<Accounts> {
    let fields = at.fields();
    let accounts = Accounts {
        root: fields.boolean("root").unwrap_or(false),
        run_as: fields.text("run-as"),
        users: fields.each("users", user),
        groups: fields.each("groups", group),
    };
    if let Some(users) = fields.get("users") {
        twice(
            &users,
            accounts
                .users
                .iter()
                .map(|user| user.name.clone())
                .collect(),
            "name",
        );
        twice(
            &users,
            accounts
                .users
                .iter()
                .map(|user| user.uid.to_string())
                .collect(),
            "uid",
        );
    }
    if let Some(groups) = fields.get("groups") {
        twice(
            &groups,
            accounts
                .groups
                .iter()
                .map(|group| group.name.clone())
                .collect(),
            "name",
        );
        twice(
            &groups,
            accounts
                .groups
                .iter()
                .map(|group| group.gid.to_string())
                .collect(),
            "gid",
        );
    }
    let known = |name: &str| {
        name.parse::<u32>().is_ok()
            || name == "root"
            || accounts.users.iter().any(|user| user.name == name)
    };
    if let (Some(at), Some(run_as)) = (fields.get("run-as"), &accounts.run_as)
        && !known(run_as)
    {
        at.report(
            format!("there is no user {run_as:?}"),
            "name one of accounts.users, root, or a number",
        );
    }
    fields.finish();
    Some(accounts)
}

fn user(at: &At<'_>) -> Option<User> {
    let fields = at.fields();
    let user = User {
        name: fields
            .required("name")
            .and_then(|at| name(&at))
            .unwrap_or_default(),
        uid: fields
            .required("uid")
            .and_then(|at| at.identity())
            .unwrap_or_default(),
        gid: fields
            .required("gid")
            .and_then(|at| at.identity())
            .unwrap_or_default(),
        mode: fields.mode("mode"),
    };
    fields.finish();
    Some(user)
}

fn group(at: &At<'_>) -> Option<Group> {
    let fields = at.fields();
    let group = Group {
        name: fields
            .required("name")
            .and_then(|at| name(&at))
            .unwrap_or_default(),
        gid: fields
            .required("gid")
            .and_then(|at| at.identity())
            .unwrap_or_default(),
        members: fields
            .get("members")
            .map_or_else(Vec::new, |at| at.list().iter().filter_map(name).collect()),
    };
    fields.finish();
    Some(group)
}

/// A name that can stand in `passwd`: it goes into a line of fields that are parted by colons.
fn name(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let first = text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let rest = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte));
    if first && rest && text.len() <= 32 {
        return Some(text);
    }
    at.report(
        format!("{text:?} is no name of an account"),
        "use small letters, digits, - and _, at most 32, beginning with a letter",
    );
    None
}

/// Reports what two entries of a list have in common.
fn twice(list: &At<'_>, values: Vec<String>, what: &str) {
    let mut seen = std::collections::BTreeSet::new();
    let entries = list.list();
    if entries.len() != values.len() {
        return;
    }
    for (at, value) in entries.iter().zip(values) {
        if !value.is_empty() && !seen.insert(value.clone()) {
            at.report(
                format!("the {what} {value} is taken by an entry above"),
                format!("give each entry a {what} of its own"),
            );
        }
    }
}
