//! Whole images from packages made here: what is in them, and that two builds are equal.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZeroUsize;

use bytes::Bytes;
use seawall_image::layer::{Arrangement, Compression};
use seawall_image::provenance::Provenance;
use seawall_image::{Built, Epoch, Layout, Machine, Request, build, docker_archive, recipe_of};
use seawall_image_definition::{Architecture, Definition};
use seawall_oci::{Digest, Manifest, Platform, media_type};
use seawall_packages::lock::{LockedPackage, LockedPlatform, LockedRepository};
use seawall_packages::{Entry, EntryKind, Format, Lock, Origin, Package};
use serde_json::Value;

const DEFINITION: &str = r#"# syntax=dhi.io/build:2-debian13
name: Small
image: registry.test/small
variant: runtime
tags: ["1"]
platforms: [linux/amd64, linux/arm64]
contents:
  repositories:
    - deb http://deb.test/debian trixie main
  packages: [base, ca-certificates, tzdata]
accounts:
  root: true
  run-as: nonroot
  users: [{name: nonroot, uid: 65532, gid: 65532}]
  groups: [{name: nonroot, gid: 65532, members: [nonroot]}]
os-release:
  name: Small Images
  id: debian
  version-id: "13"
environment:
  SSL_CERT_FILE: /etc/ssl/certs/ca-certificates.crt
paths:
  - {type: directory, path: /var/lib/small, uid: 65532, gid: 65532, mode: "700"}
annotations:
  org.opencontainers.image.description: A small image
entrypoint: [/usr/bin/small]
cmd: [-c, /etc/small.conf]
ports: [8080/tcp]
"#;

fn entry(path: &str, kind: EntryKind, mode: u32) -> Entry {
    Entry {
        path: path.to_owned(),
        kind,
        mode,
        uid: 0,
        gid: 0,
        mtime: 1_700_000_000,
        attributes: Vec::new(),
    }
}

fn file(path: &str, text: &'static str) -> Entry {
    entry(
        path,
        EntryKind::File(Bytes::from_static(text.as_bytes())),
        0o644,
    )
}

fn package(name: &str, files: Vec<Entry>) -> Package {
    let control = [
        ("Package", name),
        ("Version", "1.0-1"),
        ("Architecture", "all"),
        ("Maintainer", "Nobody <nobody@deb.test>"),
        ("Description", "a package\n of two lines"),
    ];
    Package {
        format: Format::Deb,
        name: name.to_owned(),
        version: "1.0-1".to_owned(),
        architecture: "all".to_owned(),
        origin: Origin {
            name: name.to_owned(),
            version: "1.0-1".to_owned(),
        },
        control: control
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        files,
        checksums: Vec::new(),
        control_files: vec![(
            "md5sums".to_owned(),
            Bytes::from_static(b"d41d8cd98f00b204e9800998ecf8427e  x\n"),
        )],
        license_path: None,
        license: None,
        digest: Digest::sha256(name.as_bytes()),
        size: 10,
    }
}

fn packages() -> Vec<Package> {
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    vec![
        package(
            "base",
            vec![
                entry("lib", EntryKind::Symlink("usr/lib".to_owned()), 0o777),
                entry("tmp", EntryKind::Directory, 0o1777),
                file("usr/lib/os-release", "ID=old\n"),
                file("usr/share/doc/base/copyright", "licence"),
                file("usr/share/doc/base/changelog", "changes"),
            ],
        ),
        package(
            "ca-certificates",
            vec![file("usr/share/ca-certificates/mozilla/a.crt", PEM)],
        ),
        package(
            "tzdata",
            vec![
                file("usr/share/zoneinfo/UTC", "TZif"),
                entry(
                    "usr/share/zoneinfo/Zulu",
                    EntryKind::Hardlink("usr/share/zoneinfo/UTC".to_owned()),
                    0o644,
                ),
                file("lib/merged", "through the link"),
            ],
        ),
    ]
}

fn lock(packages: &[Package]) -> Lock {
    let locked = |package: &Package| LockedPackage {
        name: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        format: package.format,
        repository: "http://deb.test/debian trixie main".to_owned(),
        url: format!("http://deb.test/{}.deb", package.name),
        digest: package.digest.clone(),
        size: package.size,
        origin: package.origin.clone(),
        depends: Vec::new(),
    };
    let platforms = ["linux/amd64", "linux/arm64"].map(|platform| LockedPlatform {
        platform: platform.to_owned(),
        packages: packages.iter().map(locked).collect(),
        left_out: Vec::new(),
    });
    let repository = LockedRepository {
        url: "http://deb.test/debian/dists/trixie/InRelease".to_owned(),
        digest: Digest::sha256(b"release"),
        signed_by: "KEY".to_owned(),
        date: String::new(),
    };
    Lock::new(Vec::new(), vec![repository], platforms.to_vec())
}

fn request(compression: Compression, arrangement: Arrangement, threads: usize) -> Request {
    Request {
        repository: "registry.test/small".to_owned(),
        definition_file: "small.yaml".to_owned(),
        definition: DEFINITION.to_owned(),
        compression,
        arrangement,
        epoch: Epoch::from_seconds(1_000_000_000),
        threads: NonZeroUsize::new(threads).unwrap(),
        attestations: true,
        version: "0.1.0".to_owned(),
        program: None,
    }
}

fn built(folder: &std::path::Path, packages: &[Package], request: &Request) -> (Layout, Built) {
    let layout = Layout::create(folder).unwrap();
    let definition = Definition::parse("small.yaml", DEFINITION).unwrap();
    let machines: Vec<Machine> = Architecture::ALL
        .iter()
        .rev()
        .map(|architecture| Machine {
            recipe: recipe_of(&definition, *architecture, folder).unwrap(),
            packages: packages.to_vec(),
        })
        .collect();
    let built = build(&machines, &lock(packages), request, &layout, &|_| {}).unwrap();
    (layout, built)
}

fn manifest(layout: &Layout, digest: &Digest) -> Manifest {
    Manifest::parse(None, &layout.read(digest, 1 << 22).unwrap()).unwrap()
}

/// The files of an image by path: content of files, targets of links, nothing for folders.
fn files(layout: &Layout, image: &Manifest) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for layer in &image.layers {
        let packed = layout.open(&layer.digest).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry
                .path()
                .unwrap()
                .to_string_lossy()
                .trim_end_matches('/')
                .to_owned();
            let mut content = entry
                .link_name_bytes()
                .map(std::borrow::Cow::into_owned)
                .unwrap_or_default();
            entry.read_to_end(&mut content).unwrap();
            files.insert(path, content);
        }
    }
    files
}

#[test]
fn an_image_holds_what_its_definition_says_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, built) = built(
        folder.path(),
        &packages(),
        &request(Compression::Gzip, Arrangement::Squashed, 1),
    );
    let index = manifest(&layout, &built.index.digest);
    let platforms: Vec<String> = index
        .manifests
        .iter()
        .map(|child| {
            child
                .platform
                .as_ref()
                .map(Platform::to_string)
                .unwrap_or_default()
        })
        .collect();
    assert_eq!(
        platforms,
        [
            "linux/amd64",
            "linux/arm64",
            "unknown/unknown",
            "unknown/unknown"
        ]
    );
    let image = manifest(&layout, &index.manifests[0].digest);
    assert_eq!(
        image.annotations["org.opencontainers.image.description"],
        "A small image"
    );
    assert_eq!(
        image.annotations["org.opencontainers.image.created"],
        "2001-09-09T01:46:40Z"
    );
    let config: Value = serde_json::from_slice(
        &layout
            .read(&image.config.as_ref().unwrap().digest, 1 << 20)
            .unwrap(),
    )
    .unwrap();
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/bin/small");
    assert_eq!(config["config"]["Cmd"][1], "/etc/small.conf");
    assert!(config["config"]["ExposedPorts"]["8080/tcp"].is_object());
    assert_eq!(
        config["config"]["Env"][1],
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
    );
    assert_eq!(config["created"], "2001-09-09T01:46:40Z");
    let files = files(&layout, &image);
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    assert_eq!(
        text("usr/lib/os-release"),
        "NAME=\"Small Images\"\nVERSION_ID=13\nID=debian\n"
    );
    assert!(text("etc/ssl/certs/ca-certificates.crt").contains("AAAA"));
    assert_eq!(text("usr/lib/merged"), "through the link");
    assert_eq!(
        text("usr/share/zoneinfo/Zulu"),
        "usr/share/zoneinfo/UTC",
        "a hard link"
    );
    let status = text("var/lib/dpkg/status.d/tzdata");
    assert!(
        status.starts_with("Package: tzdata\nVersion: 1.0-1\n"),
        "{status}"
    );
    assert!(
        status.ends_with("Description: a package\n of two lines\n"),
        "{status}"
    );
    assert!(files.contains_key("var/lib/dpkg/status.d/tzdata.md5sums"));
    assert!(files.contains_key("usr/share/doc/base/copyright"));
    assert!(!files.contains_key("usr/share/doc/base/changelog"));
    assert!(files.contains_key("var/lib/small"));
    let summary = &built.images[0].summary;
    assert_eq!(
        (
            summary.certificates,
            summary.left_out.len(),
            summary.packages.len()
        ),
        (1, 1, 3)
    );
}

#[test]
fn two_builds_are_equal_whatever_surrounds_them() {
    let budget = Arrangement::ByOrigin(NonZeroUsize::new(3).unwrap());
    for (compression, arrangement) in [
        (Compression::Gzip, Arrangement::Squashed),
        (Compression::Gzip, budget),
        (Compression::Zstd, budget),
    ] {
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
        let mut backwards = packages();
        backwards.reverse();
        let (first, image) = built(
            one.path(),
            &packages(),
            &request(compression, arrangement, 1),
        );
        let (second, again) = built(
            two.path(),
            &backwards,
            &request(compression, arrangement, 4),
        );
        assert_eq!(image.index, again.index);
        let archive = |layout: &Layout, image: &Built| {
            let mut bytes = Vec::new();
            docker_archive::write(layout, &image.index, &["small:1".to_owned()], &mut bytes)
                .unwrap();
            bytes
        };
        assert!(archive(&first, &image) == archive(&second, &again));
    }
}

#[test]
fn the_provenance_holds_all_that_a_second_build_needs() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(Compression::Gzip, Arrangement::Squashed, 1);
    let (layout, built) = built(folder.path(), &packages(), &request);
    let provenance = Provenance::parse(&built.provenance).unwrap();
    let asked = &provenance.build_definition.external_parameters;
    assert_eq!(asked.definition, DEFINITION);
    assert_eq!(
        provenance.build_definition.internal_parameters.lock,
        lock(&packages())
    );
    let named: Vec<&str> = provenance
        .build_definition
        .resolved_dependencies
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        named,
        [
            "definition",
            "repository",
            "base",
            "ca-certificates",
            "tzdata"
        ]
    );
    // The same stands in the index, about the image that it is about.
    let index = manifest(&layout, &built.index.digest);
    let attestation = &index.manifests[2];
    let about = &attestation.annotations["vnd.docker.reference.digest"];
    assert_eq!(*about, index.manifests[0].digest.to_string());
    let layers = manifest(&layout, &attestation.digest).layers;
    assert!(
        layers
            .iter()
            .all(|layer| layer.media_type == "application/vnd.in-toto+json")
    );
    let statement: Value =
        serde_json::from_slice(&layout.read(&layers[0].digest, 1 << 22).unwrap()).unwrap();
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let digest = statement["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(digest, index.manifests[0].digest.hex());
    assert_eq!(
        statement["predicate"],
        serde_json::from_slice::<Value>(&built.provenance).unwrap()
    );
    assert!(layers.len() > 1 && index.media_type == media_type::OCI_INDEX);
}

#[test]
fn packages_that_the_lock_does_not_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let definition = Definition::parse("small.yaml", DEFINITION).unwrap();
    let recipe = recipe_of(&definition, Architecture::Amd64, folder.path()).unwrap();
    let mut changed = packages();
    changed[1].digest = Digest::sha256(b"another");
    let machines = [Machine {
        recipe,
        packages: changed,
    }];
    let request = request(Compression::Gzip, Arrangement::Squashed, 1);
    let error = build(&machines, &lock(&packages()), &request, &layout, &|_| {}).unwrap_err();
    assert!(
        error.to_string().contains("ca-certificates 1.0-1"),
        "{error}"
    );
}
