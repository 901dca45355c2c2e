//! A `.deb` read whole (deb(5)): `debian-binary`, the control archive, the archive of files.
//!
//! Maintainer scripts are kept as files and never run.

use std::borrow::Cow;

use bytes::Bytes;
use seawall_oci::Digest;

use super::control::{self, ControlError, field};
use crate::archive::compression::Compression;
use crate::archive::{ArchiveError, ar, tar};
use crate::entry::EntryKind;
use crate::limits::Limits;
use crate::package::{Checksum, ChecksumAlgorithm, Format, Origin, Package};

/// Why a `.deb` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DebError {
    /// It is larger than it may be.
    #[error("the package has {size} bytes, more than the {limit} that it may have")]
    TooLarge {
        /// Its length.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The archive around the members.
    #[error("not a Debian package: {0}")]
    Outer(ArchiveError),
    /// A member of the archive.
    #[error("{member}: {source}")]
    Member {
        /// `control.tar.xz` or `data.tar.xz`.
        member: String,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The members are not those of a package.
    #[error("not a Debian package: {0}")]
    Members(&'static str),
    /// The description.
    #[error("control: {0}")]
    Control(#[from] ControlError),
    /// A field of the description is missing or is not what it should be.
    #[error("control: the field {0} is missing or malformed")]
    Field(&'static str),
    /// `md5sums` is not what it should be.
    #[error("md5sums, line {0}: expected a hash of 32 digits, two spaces and a path")]
    Checksums(usize),
}

/// Reads a package from the bytes of its file.
pub fn read(file: &Bytes, limits: &Limits) -> Result<Package, DebError> {
    let size = file.len() as u64;
    if size > limits.package_bytes {
        return Err(DebError::TooLarge {
            size,
            limit: limits.package_bytes,
        });
    }
    let members = ar::members(file).map_err(DebError::Outer)?;
    let mut members = members
        .into_iter()
        .filter(|member| !member.name.starts_with('_'));
    let version = members
        .next()
        .filter(|member| member.name == "debian-binary");
    let version = version.ok_or(DebError::Members("it does not begin with debian-binary"))?;
    if !version.content.starts_with(b"2.") {
        return Err(DebError::Members("its format is not version 2"));
    }
    let control = members
        .next()
        .filter(|member| member.name.starts_with("control.tar"));
    let control = control.ok_or(DebError::Members(
        "debian-binary is not followed by control.tar",
    ))?;
    let data = members
        .next()
        .filter(|member| member.name.starts_with("data.tar"));
    let data = data.ok_or(DebError::Members("control.tar is not followed by data.tar"))?;
    if members.next().is_some() {
        return Err(DebError::Members("something follows data.tar"));
    }

    let (fields, control_files) = description(&control, limits)?;
    let required = |name: &'static str| {
        field(&fields, name)
            .filter(|value| !value.is_empty() && !value.contains(char::is_whitespace))
            .map(str::to_owned)
            .ok_or(DebError::Field(name))
    };
    let (name, version) = (required("Package")?, required("Version")?);
    let architecture = required("Architecture")?;
    let origin =
        origin(field(&fields, "Source"), &name, &version).ok_or(DebError::Field("Source"))?;

    let files = unpack(&data, limits.unpacked_bytes, limits.entries)?;
    let files: Vec<_> = files.into_iter().map(|file| file.entry).collect();
    let checksums = match control_files.iter().find(|(name, _)| name == "md5sums") {
        Some((_, content)) => checksums(content)?,
        None => Vec::new(),
    };
    let copyright = format!("usr/share/doc/{name}/copyright");
    let license_path = files
        .iter()
        .any(|entry| entry.path == copyright && !matches!(entry.kind, EntryKind::Directory))
        .then_some(copyright);
    Ok(Package {
        format: Format::Deb,
        name,
        version,
        architecture,
        origin,
        control: fields,
        files,
        checksums,
        control_files,
        license_path,
        license: None,
        digest: Digest::sha256(file),
        size,
    })
}

fn unpack(member: &ar::Member, limit: u64, most: usize) -> Result<Vec<tar::TarEntry>, DebError> {
    let refuse = |source| DebError::Member {
        member: member.name.clone(),
        source,
    };
    let compression = Compression::of_name(&member.name)
        .ok_or_else(|| refuse(ArchiveError::broken("tar", "its compression is not known")))?;
    let unpacked = compression.unpack(&member.content, limit).map_err(refuse)?;
    tar::entries(&unpacked.into(), most).map_err(refuse)
}

type ControlFiles = Vec<(String, Bytes)>;

fn description(
    member: &ar::Member,
    limits: &Limits,
) -> Result<(control::Fields, ControlFiles), DebError> {
    let mut fields = None;
    let mut files = Vec::new();
    for entry in unpack(member, limits.control_bytes, limits.entries)? {
        let EntryKind::File(content) = entry.entry.kind else {
            continue;
        };
        if entry.entry.path == "control" {
            let text = std::str::from_utf8(&content).map_err(|_| {
                DebError::Control(ControlError {
                    line: 1,
                    problem: "the text is not UTF-8",
                })
            })?;
            fields = Some(control::paragraph(text)?);
        } else {
            files.push((entry.entry.path, content));
        }
    }
    let fields = fields.ok_or(DebError::Members("control.tar has no control"))?;
    Ok((fields, files))
}

/// The source of a binary package: `Source: glibc (2.41-12)`, `Source: glibc`, or its own name.
pub(crate) fn origin(source: Option<&str>, name: &str, version: &str) -> Option<Origin> {
    let Some(source) = source else {
        return Some(Origin {
            name: name.to_owned(),
            version: version.to_owned(),
        });
    };
    let (name, version) = match source.split_once('(') {
        None => (source, Cow::Borrowed(version)),
        Some((name, rest)) => (name, Cow::Borrowed(rest.trim().strip_suffix(')')?.trim())),
    };
    let name = name.trim();
    (!name.is_empty() && !version.is_empty()).then(|| Origin {
        name: name.to_owned(),
        version: version.into_owned(),
    })
}

fn checksums(content: &Bytes) -> Result<Vec<Checksum>, DebError> {
    let text = std::str::from_utf8(content).map_err(|_| DebError::Checksums(1))?;
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            line.split_once("  ")
                .filter(|(hex, path)| {
                    hex.len() == 32
                        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
                        && !path.is_empty()
                })
                .map(|(hex, path)| Checksum {
                    path: path.strip_prefix("./").unwrap_or(path).to_owned(),
                    algorithm: ChecksumAlgorithm::Md5,
                    hex: hex.to_ascii_lowercase(),
                })
                .ok_or(DebError::Checksums(index + 1))
        })
        .collect()
}
