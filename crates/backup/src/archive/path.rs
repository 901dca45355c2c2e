//! Names of entries: what they say about an item, and which are refused.

use std::fmt;

const PREFERRED: &str = "-preferredversion";

/// The place of one item in an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemPath {
    /// `pods`, `deployments.apps`.
    pub group_resource: String,
    /// The folder of the version: `v1-preferredversion`, `v1beta1`, or none for the copy that every
    /// reader knows.
    pub version: Option<String>,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl ItemPath {
    /// The name of the folder for the version that the cluster prefers.
    pub fn preferred(version: &str) -> String {
        format!("{version}{PREFERRED}")
    }

    /// The version that a folder is for, and whether the cluster preferred it.
    pub fn version_of(folder: &str) -> (&str, bool) {
        match folder.strip_suffix(PREFERRED) {
            Some(version) => (version, true),
            None => (folder, false),
        }
    }
}

impl fmt::Display for ItemPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "resources/{}/", self.group_resource)?;
        if let Some(version) = &self.version {
            write!(formatter, "{version}/")?;
        }
        if self.namespace.is_empty() {
            write!(formatter, "cluster/{}.json", self.name)
        } else {
            write!(
                formatter,
                "namespaces/{}/{}.json",
                self.namespace, self.name
            )
        }
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPath {
    /// The version of the format.
    FormatVersion,
    /// An item.
    Item(ItemPath),
    /// Something that this version has no use for.
    Other(String),
}

impl EntryPath {
    /// What the entry `name` is; `None` for a name that would leave the folder it is unpacked in.
    pub fn parse(name: &str) -> Option<Self> {
        if name.starts_with('/') || name.contains(['\0', '\\']) {
            return None;
        }
        let mut steps = Vec::new();
        for step in name.split('/') {
            match step {
                ".." => return None,
                "" | "." => {}
                step => steps.push(step),
            }
        }
        Some(match steps.as_slice() {
            ["metadata", "version"] => Self::FormatVersion,
            ["resources", group_resource, rest @ ..] => match item(group_resource, rest) {
                Some(path) => Self::Item(path),
                None => Self::Other(name.to_owned()),
            },
            _ => Self::Other(name.to_owned()),
        })
    }
}

fn item(group_resource: &str, rest: &[&str]) -> Option<ItemPath> {
    let (version, namespace, file) = match rest {
        ["cluster", file] => (None, "", file),
        ["namespaces", namespace, file] => (None, *namespace, file),
        [version, "cluster", file] => (Some(*version), "", file),
        [version, "namespaces", namespace, file] => (Some(*version), *namespace, file),
        _ => return None,
    };
    Some(ItemPath {
        group_resource: group_resource.to_owned(),
        version: version.map(str::to_owned),
        namespace: namespace.to_owned(),
        name: file.strip_suffix(".json").unwrap_or(file).to_owned(),
    })
}
