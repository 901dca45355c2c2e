//! An `.apk` read whole: the member that signs, the one that describes, the one with the files.
//!
//! Scripts are kept as files and never run.

use bytes::Bytes;
use seawall_oci::{Algorithm, Digest};

use super::segments::{self, Segment};
use super::signature::{self, ApkKey, ApkSignatureError};
use crate::archive::compression::Compression;
use crate::archive::{ArchiveError, tar};
use crate::entry::EntryKind;
use crate::limits::Limits;
use crate::package::{Checksum, ChecksumAlgorithm, Format, Origin, Package};

const CHECKSUM: &str = "APK-TOOLS.checksum.SHA1";

/// Why an `.apk` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApkError {
    /// It is larger than it may be.
    #[error("the package has {size} bytes, more than the {limit} that it may have")]
    TooLarge {
        /// Its length.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// One of its members.
    #[error("the {member} of the package: {source}")]
    Member {
        /// `signature`, `description` or `files`.
        member: &'static str,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// Its signature.
    #[error(transparent)]
    Signature(#[from] ApkSignatureError),
    /// It is another one than the index promised.
    #[error("the package is not the one that the index promised")]
    Identity,
    /// Its files are not those that its description promises.
    #[error("the files of the package are not those that its description promises (datahash)")]
    DataHash,
    /// There is no description.
    #[error("the package has no .PKGINFO")]
    NoDescription,
    /// A field of the description is missing or is not what it should be.
    #[error(".PKGINFO: the field {0} is missing or malformed")]
    Field(&'static str),
}

/// The members of a package that has a signature.
struct Members {
    signature: Segment,
    description: Segment,
    files: Bytes,
}

fn members(file: &Bytes, limits: &Limits) -> Result<Members, ApkError> {
    let size = file.len() as u64;
    if size > limits.package_bytes {
        return Err(ApkError::TooLarge {
            size,
            limit: limits.package_bytes,
        });
    }
    let of = |member| move |source| ApkError::Member { member, source };
    let (signature, rest) =
        segments::first(file, signature::MOST_BYTES).map_err(of("signature"))?;
    let (description, files) =
        segments::first(&rest, limits.control_bytes).map_err(of("description"))?;
    Ok(Members {
        signature,
        description,
        files,
    })
}

/// Checks that a package is the one that an index promised, and signed by a known key.
pub(super) fn check(
    file: &Bytes,
    identity: &[u8],
    keys: &[ApkKey],
    limits: &Limits,
) -> Result<(), ApkError> {
    let members = members(file, limits)?;
    let packed = &members.description.packed;
    signature::verify(&members.signature, packed, keys)?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, packed);
    if hash.as_ref() == identity {
        Ok(())
    } else {
        Err(ApkError::Identity)
    }
}

/// Reads a package from the bytes of its file. That it is signed is not checked here: the file is one
/// that a lock file or an index promised.
pub fn read(file: &Bytes, limits: &Limits) -> Result<Package, ApkError> {
    let members = members(file, limits)?;
    let of = |member| move |source| ApkError::Member { member, source };
    let mut control = None;
    let mut control_files = Vec::new();
    let entries = tar::entries(&members.description.unpacked, limits.entries);
    for file in entries.map_err(of("description"))? {
        let EntryKind::File(content) = file.entry.kind else {
            continue;
        };
        if file.entry.path == ".PKGINFO" {
            let text = std::str::from_utf8(&content).map_err(|_| ApkError::NoDescription)?;
            control = Some(fields(text));
        } else {
            control_files.push((file.entry.path, content));
        }
    }
    let control = control.ok_or(ApkError::NoDescription)?;
    let value = |name: &str| {
        let found = control.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let word = |name: &'static str| {
        value(name)
            .filter(|value| !value.is_empty() && !value.contains(char::is_whitespace))
            .map(str::to_owned)
            .ok_or(ApkError::Field(name))
    };
    let (name, version, architecture) = (word("pkgname")?, word("pkgver")?, word("arch")?);
    let promised = word("datahash")?;
    if Digest::of(Algorithm::Sha256, &members.files).hex() != promised {
        return Err(ApkError::DataHash);
    }
    let unpacked = Compression::Gzip
        .unpack(&members.files, limits.unpacked_bytes)
        .map_err(of("files"))?;
    let mut files = Vec::new();
    let mut checksums = Vec::new();
    for file in tar::entries(&unpacked.into(), limits.entries).map_err(of("files"))? {
        let checksum = file
            .extensions
            .into_iter()
            .find(|(name, _)| name == CHECKSUM);
        if let Some((_, hex)) = checksum {
            checksums.push(Checksum {
                path: file.entry.path.clone(),
                algorithm: ChecksumAlgorithm::Sha1,
                hex,
            });
        }
        files.push(file.entry);
    }
    Ok(Package {
        format: Format::Apk,
        origin: Origin {
            name: value("origin").unwrap_or(&name).to_owned(),
            version: version.clone(),
        },
        license: value("license").map(str::to_owned),
        name,
        version,
        architecture,
        control,
        files,
        checksums,
        control_files,
        license_path: None,
        digest: Digest::sha256(file),
        size: file.len() as u64,
    })
}

/// `name = value` on each line; lines that begin with `#` are comments.
fn fields(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
