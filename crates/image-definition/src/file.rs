//! `contents.files`: files that come from elsewhere than from packages.

use crate::architecture::Architecture;
use crate::path::platforms;
use crate::problem::Place;
use crate::reader::At;

/// A file or an archive that goes into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its address, as it is written.
    pub url: String,
    /// A condition, which a build does not evaluate.
    pub condition: Option<String>,
    /// What its bytes must hash to: `sha256:…`.
    pub checksum: Option<String>,
    /// Where it goes.
    pub path: Option<String>,
    /// Of an archive, only what one of these patterns matches.
    pub includes: Vec<String>,
    /// Of an archive, not what one of these patterns matches.
    pub excludes: Vec<String>,
    /// For which machines; for all where it is empty.
    pub platforms: Vec<Architecture>,
    /// What it is, for the bill of materials.
    pub spdx: Option<Spdx>,
    /// The owner's number.
    pub uid: Option<u32>,
    /// The group's number.
    pub gid: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// A secret that the address asks for.
    pub secret_id: Option<String>,
    /// Where it stands in the definition.
    pub place: Place,
}

/// Where a [`RemoteFile`] comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource<'a> {
    /// A file beside the definition, by its relative path.
    Local(&'a str),
    /// Something that a web server gives.
    Web(&'a str),
    /// A repository of sources, or another scheme that a build has no use for.
    Other(&'a str),
}

impl RemoteFile {
    /// Where it comes from.
    pub fn source(&self) -> FileSource<'_> {
        match self.url.split_once("://") {
            None => FileSource::Local(&self.url),
            Some(("http" | "https", _)) => FileSource::Web(&self.url),
            Some(("file", path)) => FileSource::Local(path),
            Some(_) => FileSource::Other(&self.url),
        }
    }
}

/// What a file is, for the bill of materials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spdx {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The packages that it holds.
    pub packages: Vec<SpdxPackage>,
}

/// A package in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpdxPackage {
    /// Its name.
    pub name: Option<String>,
    /// Its package URL.
    pub purl: Option<String>,
    /// Its licence.
    pub license: Option<String>,
    /// Where it lies.
    pub path: Option<String>,
}

pub(crate) fn read(at: &At<'_>) -> Option<RemoteFile> {
    let fields = at.fields();
    let file = RemoteFile {
        url: fields
            .required("url")
            .and_then(|at| at.text())
            .unwrap_or_default(),
        condition: fields.string("if"),
        checksum: fields.get("checksum").and_then(|at| checksum(&at)),
        path: fields.text("path"),
        includes: fields.strings("includes"),
        excludes: fields.strings("excludes"),
        platforms: platforms(&fields),
        spdx: fields.get("spdx").and_then(|at| spdx(&at)),
        uid: fields.identity("uid"),
        gid: fields.identity("gid"),
        mode: fields.mode("mode"),
        secret_id: fields.text("secret-id"),
        place: at.place(),
    };
    fields.finish();
    Some(file)
}

fn checksum(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let hex = |hex: &str, digits| {
        hex.len() == digits
            && hex
                .bytes()
                .all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    };
    let good = match text.split_once(':') {
        Some(("sha256", digits)) => hex(digits, 64),
        Some(("sha512", digits)) => hex(digits, 128),
        // A commit, of a repository of sources.
        None => hex(&text, 40) || hex(&text, 64),
        _ => false,
    };
    if good || text.contains("${target.") {
        return Some(text);
    }
    at.report(
        format!("{text:?} is no checksum"),
        "write sha256: and 64 digits in lower case",
    );
    None
}

fn spdx(at: &At<'_>) -> Option<Spdx> {
    let fields = at.fields();
    let spdx = Spdx {
        name: fields.string("name"),
        version: fields.string("version"),
        packages: fields.each("packages", |at| {
            let fields = at.fields();
            let package = SpdxPackage {
                name: fields.string("name"),
                purl: fields.string("purl"),
                license: fields.string("license"),
                path: fields.string("path"),
            };
            fields.finish();
            Some(package)
        }),
    };
    fields.finish();
    Some(spdx)
}
