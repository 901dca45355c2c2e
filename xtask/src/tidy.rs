//! What no lint of the compiler checks: crates that must stay out of the build, a reason for each
//! dependency, rooms that import only downwards, and files that are not too long to read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::run::{cargo, workspace};

/// One TLS provider (rustls with aws-lc), nothing that binds to OpenSSL.
const BANNED: [&str; 4] = ["openssl", "openssl-sys", "native-tls", "ring"];

/// A file longer than this is two files. Tests may go on for longer: they are read one at a time.
const MOST_LINES: usize = 450;
const MOST_LINES_OF_TESTS: usize = 600;

/// The rooms from the ground up: a crate uses only crates of lower layers, never a neighbour.
const LAYERS: [&[&str]; 11] = [
    &["ids", "oci", "telemetry", "image-definition"],
    &["database", "storage", "settings", "http", "registry-client"],
    &[
        "events",
        "jobs",
        "cli",
        "packages",
        "signing",
        "image-source",
    ],
    &[
        "identity",
        "content",
        "tasks",
        "job-types",
        "image",
        "image-check",
        "backup",
    ],
    &["registry"],
    &["maintenance"],
    &["assembly"],
    &[
        "registry-api",
        "harbor-api",
        "portal",
        "jobs-api",
        "image-cli",
    ],
    &["testkit"],
    &["tests", "benches"],
    &["seawall", "harbor-jobservice"],
];

/// Checks all of it and reports everything that is wrong at once.
pub fn tidy() -> Result<()> {
    let root = workspace();
    let mut complaints = Vec::new();
    complaints.extend(banned_crates()?);
    complaints.extend(unexplained_dependencies(&root)?);
    complaints.extend(upward_edges(&root)?);
    complaints.extend(long_files(&root)?);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

fn banned_crates() -> Result<Vec<String>> {
    let output = cargo()
        .args([
            "tree",
            "--workspace",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .context("run cargo tree")?;
    ensure!(output.status.success(), "cargo tree failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let built: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    Ok(BANNED
        .iter()
        .filter(|name| built.contains(**name))
        .map(|name| {
            format!("{name} is built: `cargo tree --invert {name}` tells why; it must stay out")
        })
        .collect())
}

/// Names in the section of a manifest that begins with `heading`.
fn names(manifest: &str, heading: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['=', '.']).next())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect()
}

fn unexplained_dependencies(root: &Path) -> Result<Vec<String>> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("read Cargo.toml")?;
    let reasons = fs::read_to_string(root.join("docs/dependencies.md"))
        .context("read docs/dependencies.md")?;
    let explained: BTreeSet<&str> = reasons
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .flat_map(|cell| cell.split(", "))
        .collect();
    Ok(names(&manifest, "[workspace.dependencies]")
        .into_iter()
        .filter(|name| !name.starts_with("seawall-") && !explained.contains(name.as_str()))
        .map(|name| format!("{name} has no line in docs/dependencies.md"))
        .collect())
}

fn upward_edges(root: &Path) -> Result<Vec<String>> {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let mut complaints = Vec::new();
    for entry in fs::read_dir(root.join("crates")).context("read crates/")? {
        let folder = entry.context("read crates/")?.path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let Some(own) = layer(&name) else {
            complaints.push(format!(
                "crates/{name} stands in no layer of xtask/src/tidy.rs"
            ));
            continue;
        };
        for used in names(&manifest, "[dependencies]") {
            let Some(used) = used.strip_prefix("seawall-") else {
                continue;
            };
            if layer(used).is_none_or(|used| used >= own) {
                complaints.push(format!("crates/{name} uses {used}, which is not below it"));
            }
        }
    }
    Ok(complaints)
}

fn long_files(root: &Path) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let mut folders: Vec<PathBuf> = ["crates", "programs", "tests", "benches", "xtask"]
        .iter()
        .map(|folder| root.join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path)
                    .with_context(|| format!("read {}", path.display()))?
                    .lines()
                    .count();
                let is_test = path.components().any(|part| part.as_os_str() == "tests");
                let most = if is_test {
                    MOST_LINES_OF_TESTS
                } else {
                    MOST_LINES
                };
                if lines > most {
                    complaints.push(format!(
                        "{} has {lines} lines: more than {most}",
                        path.display()
                    ));
                }
            }
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_section_are_read() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# why\nserde.workspace = true\ntokio = \"1\"\n\n[dev-dependencies]\nrand = \"1\"\n";
        assert_eq!(names(manifest, "[dependencies]"), ["serde", "tokio"]);
    }
}
