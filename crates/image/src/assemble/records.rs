//! What is installed, as scanners read it. Runtime images have `status.d` (one file a package, as distroless
//! images have it); of images with dpkg see `dpkg.rs`; Alpine's packages
//! stand in `lib/apk/db/installed`.

use std::fmt::Write as _;

use seawall_packages::{ChecksumAlgorithm, EntryKind, Format, Package};

use super::{AssembleError, dpkg};
use crate::path::TreePath;
use crate::tree::{Content, Node, Origin, Tree};

/// Writes the records of all packages.
pub(super) fn write(tree: &mut Tree, packages: &[Package]) -> Result<(), AssembleError> {
    let mut packages: Vec<&Package> = packages.iter().collect();
    packages.sort_by(|one, two| one.name.cmp(&two.name));
    let dpkg = tree.lookup(&TreePath::new("usr/bin/dpkg")?).is_some();
    let mut installed = String::new();
    for package in &packages {
        match package.format {
            Format::Deb if dpkg => {}
            Format::Deb => status_d(tree, package)?,
            Format::Apk => installed += &apk_record(package),
        }
    }
    if !installed.is_empty() {
        put(tree, "lib/apk/db/installed", installed.into(), 0o644)?;
    }
    if dpkg {
        dpkg::write(tree, &packages)?;
    }
    Ok(())
}

pub(super) fn put(
    tree: &mut Tree,
    path: &str,
    content: Content,
    mode: u32,
) -> Result<(), AssembleError> {
    let node = Node::file(content, Origin::Definition).with_mode(mode);
    tree.put(&TreePath::new(path)?, node)?;
    Ok(())
}

/// The fields as they stand in the package.
pub(super) fn field(name: &str, value: &str) -> String {
    // A folded value's lines begin with a space as they stand; one that does not would end the field.
    let value = value
        .trim_end_matches('\n')
        .replace('\n', "\n ")
        .replace("\n  ", "\n ");
    format!("{name}: {value}\n")
}

fn status_d(tree: &mut Tree, package: &Package) -> Result<(), AssembleError> {
    let base = format!("var/lib/dpkg/status.d/{}", package.name);
    let fields = package.control.iter();
    let control: String = fields.map(|(name, value)| field(name, value)).collect();
    put(tree, &base, control.into(), 0o644)?;
    if let Some(sums) = package.control_file("md5sums") {
        put(
            tree,
            &format!("{base}.md5sums"),
            Content::Memory(sums.clone()),
            0o644,
        )?;
    }
    Ok(())
}

/// One record of `installed` (apk-tools' format, version 2).
fn apk_record(package: &Package) -> String {
    let field = |name: &str| package.field(name).unwrap_or_default().to_owned();
    let all = |name: &str| -> String {
        let values: Vec<&str> = package
            .control
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .collect();
        values.join(" ")
    };
    let mut text = String::new();
    for (letter, value) in [
        ('P', package.name.clone()),
        ('V', package.version.clone()),
        ('A', package.architecture.clone()),
        ('S', package.size.to_string()),
        ('I', field("size")),
        ('T', field("pkgdesc")),
        ('U', field("url")),
        ('L', field("license")),
        ('o', package.origin.name.clone()),
        ('m', field("maintainer")),
        ('t', field("builddate")),
        ('c', field("commit")),
        ('D', all("depend")),
        ('p', all("provides")),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "{letter}:{}", value.replace('\n', " "));
        }
    }
    let mut folder = None;
    for entry in package
        .files
        .iter()
        .filter(|entry| entry.kind != EntryKind::Directory)
    {
        let (here, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        if folder != Some(here) {
            let _ = writeln!(text, "F:{here}");
            folder = Some(here);
        }
        let _ = writeln!(text, "R:{name}");
        if !matches!((entry.uid, entry.gid, entry.mode), (0, 0, 0o644)) {
            let _ = writeln!(text, "a:{}:{}:{:o}", entry.uid, entry.gid, entry.mode);
        }
        let sum = package
            .checksums
            .iter()
            .find(|sum| sum.path == entry.path && sum.algorithm == ChecksumAlgorithm::Sha1);
        if let Some(bytes) = sum.and_then(|sum| hex::decode(&sum.hex).ok()) {
            let _ = writeln!(text, "Z:Q1{}", base64(&bytes));
        }
    }
    text.push('\n');
    text
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
