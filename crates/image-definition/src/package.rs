//! A line of `contents.packages`: a package, a package with a version, or an exclusion.

use std::fmt;

use crate::problem::Place;
use crate::reader::At;

/// A line of `contents.packages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageLine {
    /// `name` or `name=version`: it goes into the image.
    Wanted(PackageRequest),
    /// `!name`: it does not, even if another package depends on it.
    Excluded(Exclusion),
}

/// A package that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRequest {
    /// Its name.
    pub name: String,
    /// The version that it must have, if the line pins one. Alpine's revision (`-r0`) may be left
    /// out: then any revision of the version will do.
    pub version: Option<String>,
    /// Where the definition asks for it.
    pub place: Place,
}

/// A package that must not be in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// Its name.
    pub name: String,
    /// Where the definition excludes it.
    pub place: Place,
}

impl PackageRequest {
    /// Reads `name` or `name=version`; an error says what is wrong.
    pub fn parse(text: &str, place: Place) -> Result<Self, String> {
        let (name, version) = match text.split_once('=') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        if !is_name(name) {
            return Err(format!("{name:?} is no name of a package"));
        }
        if let Some(version) = version.filter(|version| !is_version(version)) {
            return Err(format!("{version:?} is no version"));
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.map(str::to_owned),
            place,
        })
    }
}

impl fmt::Display for PackageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version
            .as_ref()
            .map_or(Ok(()), |version| write!(f, "={version}"))
    }
}

pub(crate) fn read(at: &At<'_>) -> Option<PackageLine> {
    const ADVICE: &str = "write \"name\", \"name=version\", or \"!name\" to exclude one";
    let text = at.text()?;
    if let Some(name) = text.strip_prefix('!') {
        if is_name(name) {
            return Some(PackageLine::Excluded(Exclusion {
                name: name.to_owned(),
                place: at.place(),
            }));
        }
        at.report(format!("{name:?} is no name of a package"), ADVICE);
        return None;
    }
    match PackageRequest::parse(&text, at.place()) {
        Ok(request) => Some(PackageLine::Wanted(request)),
        Err(message) => {
            at.report(message, ADVICE);
            None
        }
    }
}

/// Debian's and Alpine's names together: letters, digits, and `+-._`, not at the beginning.
fn is_name(name: &str) -> bool {
    name.len() >= 2
        && name.len() <= 200
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

fn is_version(version: &str) -> bool {
    version.len() <= 200
        && version.starts_with(|first: char| first.is_ascii_alphanumeric())
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._~:".contains(&byte))
}
