//! dpkg's own records, for images that have dpkg: it goes on from there as if it had installed the packages itself.
//! Source: deb-triggers(5), dpkg's own files. Images without it: `records.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use seawall_packages::{Format, Package};

use super::AssembleError;
use super::records::{field, put};
use crate::tree::{Content, Tree};

/// Writes `status`, the lists and scripts of each package, and who waits for which trigger.
pub(super) fn write(tree: &mut Tree, packages: &[&Package]) -> Result<(), AssembleError> {
    let mut status = String::new();
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut paths = String::new();
    for package in packages
        .iter()
        .filter(|package| package.format == Format::Deb)
    {
        status += &record(package);
        status.push('\n');
        info(tree, package)?;
        for (trigger, waits) in interests(package) {
            let who = format!("{}{waits}", name(package));
            if trigger.starts_with('/') {
                let _ = writeln!(paths, "{trigger} {who}");
            } else {
                let _ = writeln!(named.entry(trigger).or_default(), "{who}");
            }
        }
    }
    put(tree, "var/lib/dpkg/status", status.into(), 0o644)?;
    // Records of packages for several machines have the machine in their names.
    put(tree, "var/lib/dpkg/info/format", "1\n".into(), 0o644)?;
    if !paths.is_empty() {
        put(tree, "var/lib/dpkg/triggers/File", paths.into(), 0o644)?;
    }
    for (trigger, waiting) in named {
        let path = format!("var/lib/dpkg/triggers/{trigger}");
        put(tree, &path, waiting.into(), 0o644)?;
    }
    Ok(())
}

/// The package's name in records: with its machine where several machines' may be installed.
fn name(package: &Package) -> String {
    if package.field("Multi-Arch") == Some("same") {
        format!("{}:{}", package.name, package.architecture)
    } else {
        package.name.clone()
    }
}

/// A record of `status`: the package's fields, that it is installed, and the files that stay when it goes.
fn record(package: &Package) -> String {
    let mut text = String::new();
    for (at, (name, value)) in package.control.iter().enumerate() {
        text += &field(name, value);
        if at == 0 {
            text.push_str("Status: install ok installed\n");
        }
    }
    let files: Vec<&str> = conffiles(package).collect();
    if !files.is_empty() {
        text.push_str("Conffiles:\n");
    }
    for file in files {
        let content = package.entry(file.trim_start_matches('/'));
        if let Some(content) = content.and_then(|entry| entry.content()) {
            let _ = writeln!(text, " {file} {}", hex::encode(Md5::digest(content)));
        }
    }
    text
}

/// The files that dpkg leaves to whoever changed them.
fn conffiles(package: &Package) -> impl Iterator<Item = &str> {
    let list = package.control_file("conffiles");
    let list = list.and_then(|list| std::str::from_utf8(list).ok());
    // A line may begin with a word (`remove-on-upgrade`): such a file is not in the package.
    list.unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
}

fn info(tree: &mut Tree, package: &Package) -> Result<(), AssembleError> {
    let base = format!("var/lib/dpkg/info/{}", name(package));
    let mut list = String::from("/.\n");
    for entry in &package.files {
        let _ = writeln!(list, "/{}", entry.path);
    }
    put(tree, &format!("{base}.list"), list.into(), 0o644)?;
    for (member, content) in &package.control_files {
        if member == "control" {
            continue;
        }
        let script = matches!(
            &**member,
            "preinst" | "postinst" | "prerm" | "postrm" | "config"
        );
        let mode = if script { 0o755 } else { 0o644 };
        let content = Content::Memory(content.clone());
        put(tree, &format!("{base}.{member}"), content, mode)?;
    }
    Ok(())
}

/// The triggers that a package waits for, and what dpkg writes behind the name of one that nobody waits for in turn.
fn interests(package: &Package) -> Vec<(String, &'static str)> {
    let text = package.control_file("triggers");
    let text = text.and_then(|text| std::str::from_utf8(text).ok());
    let mut interests = Vec::new();
    for line in text.unwrap_or_default().lines() {
        let mut words = line.split_ascii_whitespace();
        let waits = match words.next() {
            Some("interest" | "interest-await") => "",
            Some("interest-noawait") => "/noawait",
            _ => continue,
        };
        let trigger = words.next().unwrap_or_default();
        let ordinary = trigger.starts_with('/') || !trigger.contains('/');
        if ordinary && !trigger.is_empty() && !trigger.starts_with('.') {
            interests.push((trigger.to_owned(), waits));
        }
    }
    interests
}
