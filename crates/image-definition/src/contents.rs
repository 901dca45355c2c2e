//! `contents`: what goes into an image, and what a build of it would need.

use std::collections::BTreeMap;

use crate::build::{self, Build};
use crate::file::{self, RemoteFile};
use crate::package::{self, Exclusion, PackageLine, PackageRequest};
use crate::problem::Place;
use crate::reader::{At, Fields};
use crate::repository::Repository;

/// What goes into an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Repositories, in the order of the file, and where each stands.
    pub repositories: Vec<(Repository, Place)>,
    /// Addresses of the keys that sign them, and where each stands.
    pub keyring: Vec<(String, Place)>,
    /// Packages and exclusions, in the order of the file.
    pub packages: Vec<PackageLine>,
    /// Files from elsewhere.
    pub files: Vec<RemoteFile>,
    /// Programs that are built from sources: never by us, see [`Unbuildable`](crate::Unbuildable).
    pub builds: Vec<Build>,
    /// Names that stand for other names.
    pub mappings: BTreeMap<String, String>,
    /// Files of other images.
    pub artifacts: Vec<Artifact>,
}

/// Files of another image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// The image.
    pub name: Option<String>,
    /// A condition, which a build does not evaluate.
    pub condition: Option<String>,
    /// Only what one of these patterns matches.
    pub includes: Vec<String>,
    /// Not what one of these patterns matches.
    pub excludes: Vec<String>,
    /// The owner's number.
    pub uid: Option<u32>,
    /// The group's number.
    pub gid: Option<u32>,
}

impl Contents {
    /// The packages that are wanted.
    pub fn wanted(&self) -> impl Iterator<Item = &PackageRequest> {
        self.packages.iter().filter_map(|line| match line {
            PackageLine::Wanted(request) => Some(request),
            PackageLine::Excluded(_) => None,
        })
    }

    /// The packages that are excluded.
    pub fn excluded(&self) -> impl Iterator<Item = &Exclusion> {
        self.packages.iter().filter_map(|line| match line {
            PackageLine::Wanted(_) => None,
            PackageLine::Excluded(exclusion) => Some(exclusion),
        })
    }
}

pub(crate) fn read(at: &At<'_>) -> Option<Contents> {
    let fields = at.fields();
    let contents = Contents {
        builds: fields.each("builds", build::read),
        ..without_builds(&fields)
    };
    fields.finish();
    Some(contents)
}

/// The `contents` of a build: as those of an image, but without builds of its own.
pub(crate) fn of_build(at: &At<'_>) -> Option<Contents> {
    let fields = at.fields();
    let contents = without_builds(&fields);
    fields.finish();
    Some(contents)
}

fn without_builds(fields: &Fields<'_>) -> Contents {
    let contents = Contents {
        repositories: fields.each("repositories", repository),
        keyring: fields.each("keyring", |at| Some((at.text()?, at.place()))),
        packages: fields.each("packages", package::read),
        files: fields.each("files", file::read),
        builds: Vec::new(),
        mappings: fields.string_map("mappings"),
        artifacts: fields.each("artifacts", artifact),
    };
    if let Some(at) = fields.get("packages") {
        contradictions(&at, &contents);
    }
    contents
}

fn repository(at: &At<'_>) -> Option<(Repository, Place)> {
    match Repository::parse(&at.text()?) {
        Ok(repository) => Some((repository, at.place())),
        Err(message) => {
            at.report(
                message,
                "write \"deb [signed-by=FILE] URL SUITE COMPONENT\", or the address of an Alpine repository",
            );
            None
        }
    }
}

fn artifact(at: &At<'_>) -> Option<Artifact> {
    let fields = at.fields();
    let artifact = Artifact {
        name: fields.string("name"),
        condition: fields.string("if"),
        includes: fields.strings("includes"),
        excludes: fields.strings("excludes"),
        uid: fields.identity("uid"),
        gid: fields.identity("gid"),
    };
    fields.finish();
    Some(artifact)
}

/// A package that is both wanted and excluded, or named twice.
fn contradictions(at: &At<'_>, contents: &Contents) {
    let lines = at.list();
    if lines.len() != contents.packages.len() {
        return;
    }
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    for (at, line) in lines.iter().zip(&contents.packages) {
        let (name, wanted) = match line {
            PackageLine::Wanted(request) => (&request.name, true),
            PackageLine::Excluded(exclusion) => (&exclusion.name, false),
        };
        match seen.insert(name, wanted) {
            Some(before) if before == wanted => {
                at.report(
                    format!("{name:?} stands here twice"),
                    "leave one of them out",
                );
            }
            Some(_) => at.report(
                format!("{name:?} is both wanted and excluded"),
                "leave one of the two lines out",
            ),
            None => {}
        }
    }
}
