//! `track`: how Docker's robots find new versions. It is read and judged; a build has no use for it.

use std::collections::BTreeMap;

use crate::node::Value;
use crate::reader::{At, Fields};

/// Where new versions are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// What is looked at.
    pub kind: TrackKind,
    /// The owner of a GitHub repository.
    pub owner: Option<String>,
    /// A GitHub repository.
    pub repository: Option<String>,
    /// A branch of a GitHub repository.
    pub branch: Option<String>,
    /// Whether releases or tags are looked at: `release`, `tag`.
    pub uses: Option<String>,
    /// A pattern of what is looked at.
    pub matches: Option<String>,
    /// A package URL.
    pub package: Option<String>,
    /// The name of an artifact or of a file.
    pub name: Option<String>,
    /// The address of a file.
    pub url: Option<String>,
    /// Variables that are counted up.
    pub increment: Vec<String>,
    /// Variables that begin anew.
    pub reset: Vec<String>,
    /// Which variables are set.
    pub set: Option<TrackSet>,
}

/// What a [`Track`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TrackKind {
    GithubRelease,
    GithubTag,
    GithubRepository,
    AlpinePackage,
    DebianPackage,
    VarIncrement,
    OciArtifact,
    File,
    JsonFile,
}

/// Which variables a [`Track`] sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackSet {
    /// One variable.
    Name(String),
    /// Several, each with what it is set to.
    Variables(Vec<TrackVariable>),
    /// Several, each with an expression.
    Expressions(BTreeMap<String, String>),
}

/// A variable and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackVariable {
    /// The variable.
    pub name: String,
    /// What it is set to.
    pub value: TrackValue,
    /// A pattern whose match it is set to.
    pub matches: Option<String>,
    /// Which of several tags is taken.
    pub selection: Selection,
}

/// What a variable is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TrackValue {
    Commit,
    Tag,
    Name,
    Digest,
    Reference,
}

/// Which of several tags is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The most specific one, which is the default.
    Longest,
    /// The one that matched.
    Exact,
    /// What the service thinks best.
    Default,
}

const KINDS: [(&str, TrackKind); 9] = [
    ("github_release", TrackKind::GithubRelease),
    ("github_tag", TrackKind::GithubTag),
    ("github_repository", TrackKind::GithubRepository),
    ("alpine_package", TrackKind::AlpinePackage),
    ("debian_package", TrackKind::DebianPackage),
    ("var_increment", TrackKind::VarIncrement),
    ("oci_artifact", TrackKind::OciArtifact),
    ("file", TrackKind::File),
    ("json_file", TrackKind::JsonFile),
];

const OF_GITHUB: [(&str, TrackValue); 3] = [
    ("commit", TrackValue::Commit),
    ("tag", TrackValue::Tag),
    ("name", TrackValue::Name),
];

const OF_ARTIFACT: [(&str, TrackValue); 3] = [
    ("digest", TrackValue::Digest),
    ("tag", TrackValue::Tag),
    ("reference", TrackValue::Reference),
];

const SELECTIONS: [(&str, Selection); 3] = [
    ("longest", Selection::Longest),
    ("exact", Selection::Exact),
    ("default", Selection::Default),
];

pub(crate) fn read(at: &At<'_>) -> Option<Track> {
    let fields = at.fields();
    let kind = fields.required("type")?.one_of(&KINDS)?;
    let required: &[&'static str] = match kind {
        TrackKind::GithubRelease | TrackKind::GithubRepository => &["owner", "repo", "set"],
        TrackKind::GithubTag => &["owner", "repo", "match", "set"],
        TrackKind::AlpinePackage | TrackKind::DebianPackage => &["package", "set"],
        TrackKind::OciArtifact => &["name", "set", "match"],
        TrackKind::File | TrackKind::JsonFile => &["url", "set"],
        TrackKind::VarIncrement => &[],
    };
    for key in required {
        fields.required(key);
    }
    Some(Track {
        kind,
        owner: fields.string("owner"),
        repository: fields.string("repo"),
        branch: fields.string("branch"),
        uses: fields
            .get("use")
            .and_then(|at| at.one_of(&[("release", "release"), ("tag", "tag")]))
            .map(str::to_owned),
        matches: fields.string("match"),
        package: package(&fields, kind),
        name: fields.string("name"),
        url: fields.string("url"),
        increment: fields.strings("increment"),
        reset: fields.strings("reset"),
        set: set(&fields, kind),
    })
}

fn package(fields: &Fields<'_>, kind: TrackKind) -> Option<String> {
    let at = fields.get("package")?;
    let text = at.text()?;
    let prefix = match kind {
        TrackKind::AlpinePackage => "pkg:apk/",
        TrackKind::DebianPackage => "pkg:deb/",
        _ => return Some(text),
    };
    if !text.starts_with(prefix) {
        at.report(
            format!("{text:?} is no package URL of this type"),
            format!("begin it with {prefix}"),
        );
    }
    Some(text)
}

fn set(fields: &Fields<'_>, kind: TrackKind) -> Option<TrackSet> {
    let at = fields.get("set")?;
    let maps = matches!(
        kind,
        TrackKind::GithubRepository | TrackKind::File | TrackKind::JsonFile
    );
    let names = !maps && kind != TrackKind::OciArtifact;
    let lists = !maps
        && matches!(
            kind,
            TrackKind::GithubRelease | TrackKind::GithubTag | TrackKind::OciArtifact
        );
    match &at.node.value {
        Value::List(_) if lists => Some(TrackSet::Variables(
            at.list().iter().map(|at| variable(at, kind)).collect(),
        )),
        Value::Map(_) if maps => Some(TrackSet::Expressions(
            at.entries()
                .into_iter()
                .filter_map(|(name, at)| match at.node.value {
                    Value::String(_) => Some((name, at.string()?)),
                    _ => Some((name, String::new())),
                })
                .collect(),
        )),
        _ if names => at.string().map(TrackSet::Name),
        _ => {
            let what = if maps {
                "a map of variables"
            } else {
                "a list of variables"
            };
            at.report(format!("{what} is expected"), "see the type of this track");
            None
        }
    }
}

fn variable(at: &At<'_>, kind: TrackKind) -> TrackVariable {
    let fields = at.fields();
    let values: &[(&str, TrackValue)] = if kind == TrackKind::OciArtifact {
        &OF_ARTIFACT
    } else {
        &OF_GITHUB
    };
    TrackVariable {
        name: fields
            .required("var")
            .and_then(|at| at.text())
            .unwrap_or_default(),
        value: fields
            .required("value")
            .and_then(|at| at.one_of(values))
            .unwrap_or(TrackValue::Tag),
        matches: fields.string("match"),
        selection: fields
            .get("selection")
            .and_then(|at| at.one_of(&SELECTIONS))
            .unwrap_or(Selection::Longest),
    }
}
