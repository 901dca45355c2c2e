//! The definitions that Docker publishes.

use std::path::{Path, PathBuf};

use seawall_image_definition::{Architecture, Definition, Distribution, PathKind, Variant};

use crate::load;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_definition_is_read_whole() {
    let mut found = Vec::new();
    files(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/definitions")),
        &mut found,
    );
    assert_eq!(found.len(), 20);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let definition = Definition::parse(&path.display().to_string(), &text)
            .unwrap_or_else(|problems| panic!("{problems}"));
        assert!(definition.distribution.is_some(), "{}", path.display());
        assert!(definition.image.is_some() && !definition.tags.is_empty());
        assert_eq!(definition.platforms, Architecture::ALL);
        let jobservice = path.to_string_lossy().contains("harbor-jobservice");
        let unbuildable = definition.unbuildable();
        assert_eq!(
            !unbuildable.is_empty(),
            jobservice,
            "{}: {unbuildable:?}",
            path.display()
        );
    }
}

#[test]
fn the_static_image_of_debian_says_what_is_in_it() {
    let definition = load("static/debian-13/static.yaml");
    assert_eq!(definition.distribution, Some(Distribution::Debian(13)));
    assert_eq!(
        definition.tags,
        ["20250419", "20250419-debian", "20250419-debian13"]
    );
    assert_eq!(definition.contents.excluded().count(), 50);
    let wanted: Vec<String> = definition
        .contents
        .wanted()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        wanted,
        ["base-files", "ca-certificates=20250419+dhi2", "tzdata"]
    );
    assert_eq!(definition.accounts.run_as.as_deref(), Some("nonroot"));
    let user = &definition.accounts.users[0];
    assert_eq!((&*user.name, user.uid, user.gid), ("nonroot", 65532, 65532));
    assert_eq!(definition.accounts.groups[0].members, ["nonroot"]);
    let release = definition.os_release.as_ref().unwrap();
    assert_eq!(release.version_codename.as_deref(), Some("trixie"));
    assert_eq!(
        definition.environment["SSL_CERT_FILE"],
        "/etc/ssl/certs/ca-certificates.crt"
    );
    let repositories = definition.repositories();
    assert_eq!(repositories.len(), 4);
    assert!(repositories[0].ends_with("http://deb.debian.org/debian trixie main"));
    assert_eq!(
        repositories[3],
        "deb [signed-by=/usr/share/keyrings/dhi-deb-main.gpg] http://dhi.io/deb/debian/main trixie main"
    );
    let place = &definition.contents.wanted().nth(1).unwrap().place;
    assert_eq!((place.line, place.column), (73, 7));
    assert_eq!(place.path, "contents.packages[51]");
}

#[test]
fn a_dev_image_has_its_paths_and_runs_as_root() {
    let definition = load("velero/debian-13/1-dev.yaml");
    assert_eq!(definition.variant, Variant::Dev);
    assert_eq!(definition.accounts.run_as.as_deref(), Some("root"));
    assert_eq!(definition.paths[0].kind, PathKind::Directory);
    assert_eq!(
        definition.paths[1].source.as_deref(),
        Some("/usr/bin/velero")
    );
    assert_eq!(definition.paths[1].uid, Some(0));
}

#[test]
fn what_cannot_be_built_is_named_with_its_place() {
    let definition = load("harbor-jobservice/debian-13/2.15.yaml");
    assert_eq!(definition.contents.builds[0].pipeline.len(), 4);
    assert_eq!(definition.ports, ["8080/tcp", "8443/tcp"]);
    assert_eq!(definition.cmd, ["-c", "/etc/jobservice/config.yml"]);
    let unbuildable = definition.unbuildable();
    assert_eq!(unbuildable.len(), 1);
    let text = unbuildable[0].to_string();
    assert!(
        text.contains("contents.builds[0]: the build \"harbor-jobservice\" runs commands"),
        "{text}"
    );
}

#[test]
fn alpine_names_its_own_repositories() {
    let definition = load("static/alpine-3.23/static-musl.yaml");
    assert_eq!(
        definition.distribution,
        Some(Distribution::Alpine("3.23".to_owned()))
    );
    assert_eq!(definition.repositories().len(), 3);
    assert_eq!(definition.contents.keyring.len(), 1);
}
