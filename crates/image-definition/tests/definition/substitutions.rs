//! What is put in the place of what cannot be reached.

use seawall_image_definition::Repository;
use seawall_image_definition::substitutions::{Subject, Substitutions};

use crate::load;

const FILE: &str = "repositories:\n  - from: http://dhi.io/deb/debian/main trixie main\n    to: []\n  - from: http://deb.debian.org/debian\n    to: [http://mirror.example.org/debian]\n\
packages:\n  - from: ca-certificates=20250419+dhi2\n    to: [ca-certificates=20250419]\n  - from: ca-certificates-bundle\n    to: [ca-certificates]\n\
keys:\n  - from: /usr/share/keyrings/debian-archive-keyring.gpg\n    to: [keys/trixie.gpg]\n  - from: https://dhi.io/keyring/dhi-deb-gpg.D46852F6925E9F71.key\n    to: []\n";

#[test]
fn what_is_substituted_is_replaced_and_recorded() {
    let substitutions = Substitutions::parse("s.yaml", FILE).unwrap();
    let sources = substitutions.apply(&load("static/debian-13/static.yaml"));
    let repositories: Vec<String> = sources
        .repositories
        .iter()
        .map(Repository::to_line)
        .collect();
    assert_eq!(
        repositories,
        [
            "deb [signed-by=keys/trixie.gpg] http://mirror.example.org/debian trixie main",
            "deb [signed-by=keys/trixie.gpg] http://mirror.example.org/debian trixie-updates main",
            "deb [signed-by=keys/trixie.gpg] http://deb.debian.org/debian-security trixie-security main",
        ]
    );
    assert!(sources.keys.is_empty());
    let packages: Vec<String> = sources.packages.iter().map(ToString::to_string).collect();
    assert_eq!(
        packages,
        ["base-files", "ca-certificates=20250419", "tzdata"]
    );
    assert_eq!(sources.exclusions.len(), 50);
    let recorded: Vec<(Subject, &str, usize)> = sources
        .applied
        .iter()
        .map(|one| (one.subject, one.from.as_str(), one.to.len()))
        .collect();
    assert_eq!(
        recorded,
        [
            (
                Subject::Repository,
                "http://deb.debian.org/debian trixie main",
                1
            ),
            (
                Subject::Key,
                "/usr/share/keyrings/debian-archive-keyring.gpg",
                1
            ),
            (
                Subject::Repository,
                "http://deb.debian.org/debian trixie-updates main",
                1
            ),
            (
                Subject::Repository,
                "http://dhi.io/deb/debian/main trixie main",
                0
            ),
            (
                Subject::Key,
                "https://dhi.io/keyring/dhi-deb-gpg.D46852F6925E9F71.key",
                0
            ),
            (Subject::Package, "ca-certificates=20250419+dhi2", 1),
        ]
    );
}

#[test]
fn a_name_alone_stands_for_any_version() {
    let substitutions =
        Substitutions::parse("s.yaml", "packages:\n  - from: restic\n    to: []\n").unwrap();
    let sources = substitutions.apply(&load("velero/debian-13/1.yaml"));
    assert!(
        sources
            .packages
            .iter()
            .all(|request| request.name != "restic")
    );
    assert_eq!(sources.applied[0].from, "restic=0.19.1-4");
}

#[test]
fn keys_of_alpine_are_its_own_and_those_of_the_definition() {
    let definition = load("static/alpine-3.23/static.yaml");
    let keys: Vec<&str> = definition.keys().collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].ends_with("-6165ee59.rsa.pub") && keys[2].starts_with("https://dhi.io/"));
    let text = format!(
        "keys:\n  - from: {}\n    to: [one.rsa.pub]\n  - from: {}\n    to: [one.rsa.pub]\n  - from: {}\n    to: []\n",
        keys[0], keys[1], keys[2]
    );
    let sources = Substitutions::parse("s.yaml", &text)
        .unwrap()
        .apply(&definition);
    assert_eq!(sources.keys, ["one.rsa.pub"]);
    assert_eq!(sources.applied.len(), 3);
}

#[test]
fn without_substitutions_everything_stays() {
    let definition = load("static/debian-13/static.yaml");
    let sources = Substitutions::default().apply(&definition);
    assert!(sources.applied.is_empty());
    assert_eq!(sources.repositories.len(), 4);
    assert_eq!(
        sources.packages[1].to_string(),
        "ca-certificates=20250419+dhi2"
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, told) in [
        (
            "package: []",
            "s.yaml:1:1: package: the key \"package\" is not known",
        ),
        (
            "packages:\n  - from: a b\n    to: []",
            "s.yaml:2:11: packages[0].from: \"a b\" is no name",
        ),
        (
            "packages:\n  - from: ab\n    to: [cd=]",
            "s.yaml:3:10: packages[0].to[0]: \"\" is no version",
        ),
        (
            "repositories:\n  - from: ftp://x\n    to: []",
            "s.yaml:2:11: repositories[0].from: \"ftp://x\" is no address",
        ),
        (
            "keys:\n  - from: x",
            "s.yaml:2:5: keys[0]: the key \"to\" is missing",
        ),
    ] {
        let error = Substitutions::parse("s.yaml", text).unwrap_err();
        assert!(error.to_string().starts_with(told), "{error}");
    }
}
