//! What differs between two images: packages, files, config.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use seawall_image_source::{Image, Kind, Node, Slice, SliceId};
use serde::Serialize;
use serde_json::Value;

use crate::check::visible;
use crate::facts::packages::Packages;

/// Something that is on one side, or on both and not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What: a package, a path, a key of the config.
    pub what: String,
    /// As the first image has it; none if it has not.
    pub before: Option<String>,
    /// As the second has it.
    pub after: Option<String>,
}

impl Change {
    /// Made for terminals too: what came from an image moves no cursor.
    fn new(what: &str, before: Option<&String>, after: Option<&String>) -> Self {
        Self {
            what: visible(what),
            before: before.map(|text| visible(text)),
            after: after.map(|text| visible(text)),
        }
    }
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Packages, by name.
    pub packages: Vec<Change>,
    /// Files, by path.
    pub files: Vec<Change>,
    /// The config, by key.
    pub config: Vec<Change>,
}

impl Difference {
    /// What differs between two images.
    ///
    /// # Errors
    /// When a temporary file that holds a layer cannot be read.
    pub fn between(before: &Image, after: &Image) -> io::Result<Self> {
        Ok(Self {
            packages: changes(&packages(before), &packages(after)),
            files: files(before, after)?,
            config: changes(&config(before), &config(after)),
        })
    }

    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.files.is_empty() && self.config.is_empty()
    }
}

fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Change::new(key, before.get(key), after.get(key)))
        .collect()
}

fn packages(image: &Image) -> BTreeMap<String, String> {
    let packages = Packages::read(&image.tree);
    let name = |package: &crate::facts::packages::Package| match package.architecture.as_str() {
        "" | "all" | "noarch" => package.name.clone(),
        architecture => format!("{}:{architecture}", package.name),
    };
    packages
        .all
        .iter()
        .map(|package| (name(package), package.version.clone()))
        .collect()
}

fn files(before: &Image, after: &Image) -> io::Result<Vec<Change>> {
    let paths: BTreeSet<&str> = before
        .tree
        .iter()
        .chain(after.tree.iter())
        .map(|(path, _)| path)
        .collect();
    // What was compared is not compared again: a large file may have a million names.
    let mut compared: BTreeMap<(SliceId, SliceId), bool> = BTreeMap::new();
    let mut same = |one: Option<&Slice>, other: Option<&Slice>| {
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(one.is_none() && other.is_none());
        };
        let pair = (one.id(), other.id());
        if let Some(known) = compared.get(&pair) {
            return Ok(*known);
        }
        let is_same = same_content(one, other)?;
        compared.insert(pair, is_same);
        io::Result::Ok(is_same)
    };
    let mut changes = Vec::new();
    for path in paths {
        let nodes = (before.tree.get(path), after.tree.get(path));
        if let (Some(one), Some(other)) = nodes
            && title(one) == title(other)
            && same(one.content(), other.content())?
        {
            continue;
        }
        let titles = (nodes.0.map(title), nodes.1.map(title));
        let mut change = Change::new(&format!("/{path}"), titles.0.as_ref(), titles.1.as_ref());
        if change.before == change.after
            && let Some(after) = &mut change.after
        {
            after.push_str(", other content");
        }
        changes.push(change);
    }
    Ok(changes)
}

/// What of a file matters, but its content and its time.
fn title(node: &Node) -> String {
    let kind = match &node.kind {
        Kind::File(content) => format!("file of {} bytes", content.length()),
        Kind::Directory => "directory".to_owned(),
        Kind::Symlink(target) => format!("link to {target}"),
        Kind::CharacterDevice(major, minor) => format!("character device {major}:{minor}"),
        Kind::BlockDevice(major, minor) => format!("block device {major}:{minor}"),
        Kind::Fifo => "named pipe".to_owned(),
    };
    let attributes: Vec<&str> = node.attributes.keys().map(String::as_str).collect();
    let attributes = if attributes.is_empty() {
        String::new()
    } else {
        format!(", {}", attributes.join(" "))
    };
    format!(
        "{kind}, {:04o} {}:{}{attributes}",
        node.mode, node.uid, node.gid
    )
}

fn same_content(one: &Slice, other: &Slice) -> io::Result<bool> {
    let (mut first, mut second) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut offset = 0;
    loop {
        let counts = (
            one.read_at(offset, &mut first)?,
            other.read_at(offset, &mut second)?,
        );
        if counts.0 != counts.1 || first.get(..counts.0) != second.get(..counts.1) {
            return Ok(false);
        }
        if counts.0 == 0 {
            return Ok(true);
        }
        offset += counts.0 as u64;
    }
}

/// The config, flat: `config.Env.PATH`, `config.User`. Layers and history are what files show.
fn config(image: &Image) -> BTreeMap<String, String> {
    let value: Value = serde_json::from_slice(&image.config_bytes).unwrap_or_default();
    let mut flat = BTreeMap::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "rootfs" | "history") {
            flatten(key, value, &mut flat);
        }
    }
    for (key, value) in image.annotations() {
        flat.insert(format!("annotations.{key}"), value);
    }
    flat
}

/// The longest key that is told whole: each key below it repeats it.
const MOST_KEY: usize = 1024;

fn flatten(key: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    if key.len() > MOST_KEY {
        let cut = key.chars().take(MOST_KEY).collect();
        let all: &mut String = flat.entry(cut).or_default();
        all.push_str(&value.to_string());
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                flatten(&format!("{key}.{name}"), value, flat);
            }
        }
        Value::Array(list) if key == "config.Env" => {
            for variable in list.iter().filter_map(Value::as_str) {
                let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
                flat.insert(format!("{key}.{name}"), value.to_owned());
            }
        }
        Value::String(text) => {
            flat.insert(key.to_owned(), text.clone());
        }
        other => {
            flat.insert(key.to_owned(), other.to_string());
        }
    }
}
