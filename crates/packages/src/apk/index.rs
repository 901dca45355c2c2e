//! Alpine's `APKINDEX`: what a repository has for an architecture, a letter a field.

use bytes::Bytes;

use super::relation::{self, Relation};
use super::version::Version;
use crate::limits::Limits;

/// A package of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPackage {
    /// `P`: its name.
    pub name: String,
    /// `V`: its version.
    pub version: Version,
    /// `A`: its architecture, which may be `noarch`.
    pub architecture: String,
    /// `o`: the source package; its own name where there is none.
    pub origin: String,
    /// `C`: the SHA-1 of the member of its file that describes it.
    pub identity: Vec<u8>,
    /// `S`: the length of its file.
    pub size: u64,
    /// `D`: what it depends on, and what it cannot be together with.
    pub depends: Vec<Relation>,
    /// `p`: what it provides.
    pub provides: Vec<Relation>,
    /// `k`: who of several that provide a name is preferred.
    pub priority: u32,
}

/// Why an index was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A line is none.
    #[error("the index, line {0}: expected a letter, a colon and a value")]
    Line(usize),
    /// A package cannot be understood.
    #[error("the package {package:?} of the index has no {field} that can be understood")]
    Field {
        /// The package, if its name is known.
        package: String,
        /// The field.
        field: &'static str,
    },
    /// It has more packages than it may.
    #[error("the index has more than the {0} packages that it may have")]
    TooMany(usize),
}

/// Reads the text of an index.
pub fn read(text: &str, limits: &Limits) -> Result<Vec<IndexPackage>, IndexError> {
    let mut packages = Vec::new();
    let mut fields: Vec<(char, &str)> = Vec::new();
    for (number, line) in text.lines().chain(std::iter::once("")).enumerate() {
        if !line.is_empty() {
            let (letter, value) = line.split_once(':').ok_or(IndexError::Line(number + 1))?;
            let mut letters = letter.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                return Err(IndexError::Line(number + 1));
            };
            fields.push((letter, value));
            continue;
        }
        if !fields.is_empty() {
            if packages.len() == limits.index_packages {
                return Err(IndexError::TooMany(limits.index_packages));
            }
            packages.push(package(&fields)?);
            fields.clear();
        }
    }
    Ok(packages)
}

fn package(fields: &[(char, &str)]) -> Result<IndexPackage, IndexError> {
    let value = |letter: char| {
        let found = fields.iter().find(|(known, _)| *known == letter);
        found.map(|(_, value)| *value)
    };
    let name = value('P').unwrap_or_default();
    let wrong = |field| IndexError::Field {
        package: name.to_owned(),
        field,
    };
    let word = |text: &str| {
        !text.is_empty()
            && !text.starts_with('.')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
    };
    if !word(name) {
        return Err(wrong("name"));
    }
    let version = value('V').and_then(Version::parse);
    let relations = |letter, field| {
        relation::parse(value(letter).unwrap_or_default()).map_err(|_| wrong(field))
    };
    Ok(IndexPackage {
        name: name.to_owned(),
        version: version.ok_or_else(|| wrong("version"))?,
        architecture: value('A').unwrap_or_default().to_owned(),
        origin: value('o').unwrap_or(name).to_owned(),
        identity: value('C')
            .and_then(identity)
            .ok_or_else(|| wrong("checksum"))?,
        size: value('S')
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| wrong("size"))?,
        depends: relations('D', "dependencies")?,
        provides: relations('p', "provided names")?,
        priority: value('k')
            .and_then(|priority| priority.parse().ok())
            .unwrap_or(0),
    })
}

/// `Q1` and a SHA-1 in base64.
fn identity(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    let base64 = text.strip_prefix("Q1")?;
    let hash = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .ok()?;
    (hash.len() == 20).then_some(hash)
}

/// The text of an index as a repository gives it, unpacked.
pub(super) fn text(archive: &Bytes) -> Option<Bytes> {
    let entries = crate::archive::tar::entries(archive, 16).ok()?;
    let found = entries
        .into_iter()
        .find(|file| file.entry.path == "APKINDEX")?;
    found.entry.content().cloned()
}
