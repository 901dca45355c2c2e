//! A package that was read: its description and its files. For how, see `deb/package.rs`.

use std::fmt;

use bytes::Bytes;
use seawall_oci::Digest;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// A package, read whole. Its files are windows into one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The kind of package.
    pub format: Format,
    /// Its name, `libc6`.
    pub name: String,
    /// Its version, as the package spells it: `2.41-12+deb13u1`.
    pub version: String,
    /// Debian's or Alpine's word for the architecture: `amd64`, `all`, `x86_64`, `noarch`.
    pub architecture: String,
    /// The source package that it was built from.
    pub origin: Origin,
    /// The fields of its description, in their order. Debian: control fields (`Package`, `Version`,
    /// …), folded lines joined by newlines as they stand. Alpine: `.PKGINFO` keys, repeated ones too.
    pub control: Vec<(String, String)>,
    /// What is installed, in the order of the archive.
    pub files: Vec<Entry>,
    /// Checksums that the package itself gives for its files.
    pub checksums: Vec<Checksum>,
    /// Members of the control archive beside the description, by name: `md5sums`, `postinst`,
    /// `conffiles`. Nothing of it is ever run.
    pub control_files: Vec<(String, Bytes)>,
    /// Where its licence text lies, if it has one: `usr/share/doc/libc6/copyright`.
    pub license_path: Option<String>,
    /// The licence as the description names it: Alpine's `license`, an SPDX expression. Debian's
    /// packages have none.
    pub license: Option<String>,
    /// The digest of the package file.
    pub digest: Digest,
    /// The length of the package file, in bytes.
    pub size: u64,
}

impl Package {
    /// The first value of a field of the description.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.control
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A member of the control archive, as `md5sums`.
    pub fn control_file(&self, name: &str) -> Option<&Bytes> {
        self.control_files
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, content)| content)
    }

    /// The entry at a path like `usr/bin/env`.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.files.iter().find(|entry| entry.path == path)
    }
}

/// The kind of a package file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Debian's `.deb`.
    Deb,
    /// Alpine's `.apk`, version 2.
    Apk,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
        })
    }
}

/// The source package of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The source's name: `glibc` for `libc6`.
    pub name: String,
    /// The source's version, which differs from the package's after a rebuild of the binary alone.
    pub version: String,
}

/// What a package says that one of its files hashes to. Both algorithms are old: they tell a scanner
/// which file is meant. What is trusted is [`Package::digest`], which the repository signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// The file, as in [`Entry::path`].
    pub path: String,
    /// The hash function.
    pub algorithm: ChecksumAlgorithm,
    /// The hash, in lower-case hexadecimal digits.
    pub hex: String,
}

/// The hash function of a [`Checksum`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    /// MD5, of Debian's `md5sums`.
    Md5,
    /// SHA-1, of Alpine's `APK-TOOLS.checksum.SHA1`.
    Sha1,
}
