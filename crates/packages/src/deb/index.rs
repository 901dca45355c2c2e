//! Debian's `Packages`: what a suite has for an architecture. It is read as it is unpacked, since
//! the whole of it is fifty megabytes of text of which a resolver needs a part.

use std::io::{BufRead, BufReader};

use seawall_oci::Digest;

use super::version::Version;
use crate::archive::ArchiveError;
use crate::archive::compression::Compression;
use crate::limits::Limits;

/// A line of an index is longer than this only by mistake.
const MOST_LINE_BYTES: usize = 1 << 20;

/// A package of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPackage {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Version,
    /// `amd64` or `all`.
    pub architecture: Box<str>,
    /// `Source`, as it is written; empty where it is the package's own name.
    pub source: Box<str>,
    /// `Pre-Depends` and `Depends`, as they are written.
    pub depends: [Box<str>; 2],
    /// `Conflicts` and `Breaks`, as they are written.
    pub conflicts: [Box<str>; 2],
    /// `Provides`, as it is written.
    pub provides: Box<str>,
    /// Where its file is, below the repository's address.
    pub filename: Box<str>,
    /// The length of its file.
    pub size: u64,
    /// The digest of its file.
    pub digest: Digest,
}

/// Why an index was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It cannot be unpacked.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A package of it cannot be understood.
    #[error("the package {package:?} has no {field} that can be understood")]
    Field {
        /// The package, if its name is known.
        package: String,
        /// The field.
        field: &'static str,
    },
    /// It has more packages than it may.
    #[error("it has more than the {0} packages that it may have")]
    TooMany(usize),
}

const WANTED: [&str; 12] = [
    "Package",
    "Version",
    "Architecture",
    "Source",
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Provides",
    "Filename",
    "Size",
    "SHA256",
];

/// The packages of an index, from its compressed bytes; `name` says how it is compressed.
pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<IndexPackage>, IndexError> {
    let compression = Compression::of_name(name)
        .ok_or_else(|| ArchiveError::broken("index", "its compression is not known"))?;
    let limit = limits.unpacked_index_bytes;
    let reader = compression.reader(bytes)?;
    let mut reader = BufReader::with_capacity(
        1 << 18,
        Counted {
            reader,
            left: limit,
        },
    );
    let mut packages = Vec::new();
    let mut fields: [String; 12] = Default::default();
    let mut current = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut reader, MOST_LINE_BYTES as u64);
        let count = limited.read_until(b'\n', &mut line).map_err(|error| {
            if error.kind() == std::io::ErrorKind::FileTooLarge {
                ArchiveError::TooLarge { limit }
            } else {
                ArchiveError::broken("index", error.to_string())
            }
        })?;
        if count == MOST_LINE_BYTES {
            return Err(ArchiveError::broken("index", "it has a line without end").into());
        }
        let text = line.trim_ascii_end();
        if text.is_empty() {
            if !fields[0].is_empty() {
                if packages.len() == limits.index_packages {
                    return Err(IndexError::TooMany(limits.index_packages));
                }
                packages.push(package(&fields)?);
            }
            fields.iter_mut().for_each(String::clear);
            current = None;
            if count == 0 {
                return Ok(packages);
            }
            continue;
        }
        let value = if text[0] == b' ' || text[0] == b'\t' {
            text
        } else {
            let colon = text.iter().position(|byte| *byte == b':');
            let colon =
                colon.ok_or_else(|| ArchiveError::broken("index", "a line has no colon"))?;
            current = WANTED
                .iter()
                .position(|name| name.as_bytes() == &text[..colon]);
            &text[colon + 1..]
        };
        if let Some(field) = current {
            let value = std::str::from_utf8(value.trim_ascii())
                .map_err(|_| ArchiveError::broken("index", "a field is not UTF-8"))?;
            if !fields[field].is_empty() {
                fields[field].push(' ');
            }
            fields[field].push_str(value);
        }
    }
}

/// Ends with an error rather than quietly where more comes than may.
struct Counted<R> {
    reader: R,
    left: u64,
}

impl<R: std::io::Read> std::io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

fn package(fields: &[String; 12]) -> Result<IndexPackage, IndexError> {
    let [
        name,
        version,
        architecture,
        source,
        pre_depends,
        depends,
        conflicts,
        breaks,
        provides,
        filename,
        size,
        hash,
    ] = fields;
    let wrong = |field| IndexError::Field {
        package: name.clone(),
        field,
    };
    let inside = |path: &str| {
        !path.is_empty()
            && path
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..")
            && path
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"?#\\\"".contains(&byte))
    };
    if architecture.is_empty() {
        return Err(wrong("Architecture"));
    }
    if !inside(filename) {
        return Err(wrong("Filename"));
    }
    Ok(IndexPackage {
        name: name.as_str().into(),
        version: Version::parse(version).ok_or_else(|| wrong("Version"))?,
        architecture: architecture.as_str().into(),
        source: source.as_str().into(),
        depends: [pre_depends.as_str().into(), depends.as_str().into()],
        conflicts: [conflicts.as_str().into(), breaks.as_str().into()],
        provides: provides.as_str().into(),
        filename: filename.as_str().into(),
        size: size.parse().map_err(|_| wrong("Size"))?,
        digest: format!("sha256:{hash}")
            .parse()
            .map_err(|_| wrong("SHA256"))?,
    })
}
