//! Names of places in a storage: what the column `blob.location` holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest location, in bytes (S3 allows keys of 1024).
const MAX_LENGTH: usize = 900;

/// A relative key under the storage's root, such as
/// `docker/registry/v2/blobs/sha256/ab/abcd…/data`.
///
/// No part of it is empty, `.` or `..`, so that joined to a folder it never
/// leaves the folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location(String);

/// A text that is no location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a location of a blob: a relative path without empty, . or .. parts is wanted")]
pub struct InvalidLocation;

impl Location {
    /// Takes a location from the database or from another registry's layout.
    ///
    /// # Errors
    /// When the text could lead out of the storage's root.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidLocation> {
        let text = text.into();
        let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        let printable = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'\\';
        if text.len() > MAX_LENGTH || !text.bytes().all(printable) || !text.split('/').all(plain) {
            return Err(InvalidLocation);
        }
        Ok(Self(text))
    }

    /// The text, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Location {
    type Error = InvalidLocation;

    fn try_from(text: String) -> Result<Self, InvalidLocation> {
        Self::parse(text)
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_never_leaves_its_root() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            "../a",
            "a/../b",
            "./a",
            "a/.",
            "a\\b",
            "a\0b",
            "a\nb",
        ] {
            assert_eq!(Location::parse(text), Err(InvalidLocation), "{text:?}");
        }
        assert!(Location::parse("a".repeat(MAX_LENGTH + 1)).is_err());
        let text = "docker/registry/v2/blobs/sha256/ab/abcd/data";
        assert_eq!(Location::parse(text).unwrap().as_str(), text);
    }
}
