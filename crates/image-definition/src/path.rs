//! `paths`: what is made, linked or removed in the root file system after the packages are in it.

use crate::architecture::Architecture;
use crate::problem::Place;
use crate::reader::{At, Fields};

/// One change of the root file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathChange {
    /// What is done.
    pub kind: PathKind,
    /// Where: an absolute path without `.` and `..`.
    pub path: String,
    /// A condition, which a build does not evaluate: see [`Unbuildable`](crate::Unbuildable).
    pub condition: Option<String>,
    /// The content of a file.
    pub content: Option<String>,
    /// The owner's number; root's where it is not given.
    pub uid: Option<u32>,
    /// The group's number; root's where it is not given.
    pub gid: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// The target of a link; for a file, where its content is copied from.
    pub source: Option<String>,
    /// Whether owner and mode are given to everything below a folder as well.
    pub recursive: bool,
    /// For which machines; for all where it is empty.
    pub platforms: Vec<Architecture>,
    /// Where it stands in the definition.
    pub place: Place,
}

/// What a [`PathChange`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Makes a symbolic link to `source`.
    Symlink,
    /// Makes a folder, with those above it.
    Directory,
    /// Makes a file of `content`.
    File,
    /// Removes what is there.
    Delete,
    /// Makes a file without content.
    EmptyFile,
}

const KINDS: [(&str, PathKind); 5] = [
    ("symlink", PathKind::Symlink),
    ("directory", PathKind::Directory),
    ("file", PathKind::File),
    ("delete", PathKind::Delete),
    ("emptyfile", PathKind::EmptyFile),
];

pub(crate) fn read(at: &At<'_>) -> Option<PathChange> {
    let fields = at.fields();
    let kind = fields.required("type").and_then(|at| at.one_of(&KINDS));
    let change = PathChange {
        kind: kind.unwrap_or(PathKind::Delete),
        path: fields
            .required("path")
            .and_then(|at| absolute(&at))
            .unwrap_or_default(),
        condition: fields.string("if"),
        content: fields.string("content"),
        uid: fields.identity("uid"),
        gid: fields.identity("gid"),
        mode: fields.mode("mode"),
        source: fields.text("source"),
        recursive: fields.boolean("recursive").unwrap_or(false),
        platforms: platforms(&fields),
        place: at.place(),
    };
    let wants = |there: bool, key: &str| {
        if !there {
            at.report(
                format!("the key {key:?} is missing"),
                format!("add \"{key}: …\""),
            );
        }
    };
    let useless = |name: &'static str| {
        if let Some(at) = fields.get(name) {
            at.report("it has no meaning for this type of path", "leave it out");
        }
    };
    match kind {
        Some(PathKind::Symlink) => {
            wants(fields.get("source").is_some(), "source");
            useless("content");
        }
        Some(PathKind::File) => {
            wants(
                change.content.is_some() || change.source.is_some(),
                "content",
            );
        }
        Some(PathKind::Directory | PathKind::EmptyFile) => {
            useless("content");
            useless("source");
        }
        Some(PathKind::Delete) => ["content", "source", "uid", "gid", "mode"]
            .into_iter()
            .for_each(useless),
        None => {}
    }
    fields.finish();
    Some(change)
}

/// `platforms` of a map: `linux/amd64`, `linux/arm64`, each once.
pub(crate) fn platforms(fields: &Fields<'_>) -> Vec<Architecture> {
    let mut platforms = Vec::new();
    for at in fields
        .get("platforms")
        .map_or_else(Vec::new, |at| at.list())
    {
        if let Some(platform) = at.one_of(&Architecture::PLATFORMS) {
            if platforms.contains(&platform) {
                at.report("the platform stands here twice", "leave one of them out");
            }
            platforms.push(platform);
        }
    }
    platforms
}

/// An absolute path of ordinary parts; a slash at its end is left off.
pub(crate) fn absolute(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let ordinary = |path: &str| {
        path.is_empty()
            || path
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..")
    };
    let trimmed = text.strip_suffix('/').unwrap_or(&text);
    match trimmed
        .strip_prefix('/')
        .or((trimmed.is_empty() && text == "/").then_some(""))
    {
        Some(path) if ordinary(path) && !text.contains('\0') => Some(format!("/{path}")),
        _ => {
            at.report(
                format!("{text:?} is no absolute path"),
                "begin it with /, without //, . and ..",
            );
            None
        }
    }
}
