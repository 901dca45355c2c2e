//! Alpine's repositories and packages: good ones of both kinds of signature, and everything that can be
//! wrong with them.

use std::fs;

use seawall_image_definition::substitutions::{Sources, Substitutions};
use seawall_image_definition::{Architecture, Definition};
use seawall_packages::{
    Cache, ChecksumAlgorithm, Format, Limits, Lock, Offline, Reach, ResolveError, packages, resolve,
};

use crate::alpine::{Alpine, KEY};
use crate::now;

/// The packages of Alpine's static images, by a key of this kind.
fn alpine(kind: &'static str) -> Alpine {
    let mut alpine = Alpine::new(kind);
    alpine
        .add("alpine-baselayout-data", "3.7.0-r0", "")
        .add(
            "ca-certificates-bundle",
            "20260611-r1",
            "p:ca-certificates-cacert=20260611-r1\n",
        )
        .add("ca-certificates-bundle", "20260101-r0", "")
        .add("tzdata", "2026b-r0", "")
        .add("musl", "1.2.5-r10", "p:so:libc.musl-x86_64.so.1=1\n")
        .add(
            "libgcc",
            "14.2.0-r6",
            "D:so:libc.musl-x86_64.so.1\np:so:libgcc_s.so.1=1\n",
        );
    alpine.publish();
    alpine
}

fn sources(alpine: &Alpine, lines: &[&str]) -> Sources {
    let mut sources = crate::mirror::sources(&[&alpine.url("main")], lines);
    sources.keys = vec![KEY.to_owned()];
    sources
}

fn try_resolve(alpine: &Alpine, sources: &Sources) -> Result<Lock, ResolveError> {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let limits = Limits::default();
    let reach = Reach {
        fetch: &Offline,
        cache: &cache,
        limits: &limits,
        now: now(),
    };
    resolve(sources, &[Architecture::Amd64], alpine.keys(), &reach)
}

fn outcome(alpine: &Alpine, lines: &[&str]) -> String {
    match try_resolve(alpine, &sources(alpine, lines)) {
        Ok(lock) => crate::mirror::names(&lock),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_static_definitions_of_alpine_resolve_with_substitutions() {
    for (kind, release) in [("RSA", "3.22"), ("RSA256", "3.23"), ("RSA", "3.24")] {
        let alpine = alpine(kind);
        let url = alpine.url("main");
        let substitutions = format!(
            "repositories:\n  - from: https://dl-cdn.alpinelinux.org/alpine/v{release}/main\n    to: ['{url}']\n  - from: https://dl-cdn.alpinelinux.org/alpine/v{release}/community\n    to: []\n  - from: https://dhi.io/apk/alpine/v{release}/main\n    to: []\n\
             keys:\n  - from: https://dhi.io/keyring/dhi-apk@docker-0F81AD7700D99184.rsa.pub\n    to: []\n  - from: /usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub\n    to: ['{KEY}']\n  - from: /usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub\n    to: ['{KEY}']\n"
        );
        let substitutions = Substitutions::parse("substitutions.yaml", &substitutions).unwrap();
        for (name, count) in [("static", 3), ("static-musl", 5)] {
            let path = format!(
                "{}/../image-definition/tests/definitions/static/alpine-{release}/{name}.yaml",
                env!("CARGO_MANIFEST_DIR")
            );
            let definition = Definition::parse(&path, &fs::read_to_string(&path).unwrap()).unwrap();
            let sources = substitutions.apply(&definition);
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::new(folder.path());
            let limits = Limits::default();
            let reach = Reach {
                fetch: &Offline,
                cache: &cache,
                limits: &limits,
                now: now(),
            };
            let lock = resolve(&sources, &definition.platforms, alpine.keys(), &reach).unwrap();
            assert_eq!(lock.platforms.len(), 2);
            assert_eq!(lock.platforms[1].packages.len(), count);
            assert_eq!(lock.platforms[1].packages[1].version, "20260611-r1");
            assert!(
                lock.platforms[0].packages[0].url.contains("/aarch64/")
                    || lock.platforms[0].packages[0].url.contains("/x86_64/")
            );
            assert!(lock.substitutions.len() >= 4);
            assert_eq!(lock.repositories[0].signed_by, KEY);

            // The files are in the cache by their digests: the repository may go.
            fs::rename(alpine.path("main"), alpine.path("gone")).unwrap();
            let read = packages(&lock.platforms[0], &reach).unwrap();
            fs::rename(alpine.path("gone"), alpine.path("main")).unwrap();
            let bundle = &read[1];
            assert_eq!(
                (bundle.format, bundle.name.as_str()),
                (Format::Apk, "ca-certificates-bundle")
            );
            assert_eq!(bundle.license.as_deref(), Some("MIT"));
            assert_eq!(bundle.origin.name, "ca-certificates-bundle-source");
            assert_eq!(bundle.files[0].path, "usr/share/ca-certificates-bundle");
            assert_eq!(bundle.checksums[0].algorithm, ChecksumAlgorithm::Sha1);
            assert!(bundle.control_file(".post-install").is_some());
        }
    }
}

#[test]
fn the_definition_of_alpine_without_substitutions_is_refused() {
    let alpine = alpine("RSA");
    let path = format!(
        "{}/../image-definition/tests/definitions/static/alpine-3.23/static.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let definition = Definition::parse(&path, &fs::read_to_string(&path).unwrap()).unwrap();
    let error = try_resolve(&alpine, &Substitutions::default().apply(&definition)).unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
}

#[test]
fn provided_names_pins_exclusions_and_conflicts_are_followed() {
    let mut alpine = Alpine::new("RSA256");
    alpine
        .add("app", "1-r0", "D:so:libx.so.1 tool>=2 cmd:sh !foe\n")
        .add("libx", "1-r0", "p:so:libx.so.1=1.0\n")
        .add("libx-other", "1-r0", "p:so:libx.so.1=1.0\nk:10\n")
        .add("tool", "1-r0", "")
        .add("tool", "2.1-r3", "")
        .add("tool", "2.0-r0", "")
        .add("shell", "1-r0", "p:cmd:sh=1-r0\n")
        .add("foe", "1-r0", "")
        .add("lost", "1-r0", "D:so:nothing.so.1\n")
        .publish();
    let alpine = &alpine;
    assert_eq!(
        outcome(alpine, &["app"]),
        "app=1-r0 libx-other=1-r0 shell=1-r0 tool=2.1-r3"
    );
    assert_eq!(
        outcome(alpine, &["app", "libx"]),
        "app=1-r0 libx=1-r0 shell=1-r0 tool=2.1-r3"
    );
    assert_eq!(
        outcome(alpine, &["app", "tool=2.0", "!libx-other"]),
        "app=1-r0 libx=1-r0 shell=1-r0 tool=2.0-r0"
    );
    assert_eq!(
        outcome(alpine, &["app", "!shell"]),
        "app=1-r0 libx-other=1-r0 tool=2.1-r3"
    );
    for (lines, says) in [
        (&["none"][..], "no repository has the package \"none\""),
        (
            &["tool=3"],
            "no repository has tool=3; there is 2.1-r3, 2.0-r0, 1-r0",
        ),
        (&["tool", "!tool"], "both wanted and excluded"),
        (
            &["lost"],
            "lost 1-r0 depends on so:nothing.so.1, which no package",
        ),
        (&["app", "tool=1-r0"], "app 1-r0 depends on tool>=2"),
        (&["app", "foe"], "app 1-r0 and foe 1-r0 cannot be together"),
        (&["tool=1-r0", "tool=2.0-r0"], "cannot be together"),
    ] {
        let outcome = outcome(alpine, lines);
        assert!(outcome.contains(says), "{lines:?}: {outcome}");
    }
}

#[test]
fn indexes_that_are_not_what_was_signed_are_refused() {
    let alpine = alpine("RSA");
    let path = alpine.path("main/x86_64/APKINDEX.tar.gz");
    let good = fs::read(&path).unwrap();
    let unsigned = good[alpine.signature(b"").len()..].to_vec();
    let mut changed = good.clone();
    let middle = good.len() - 60;
    changed[middle] ^= 1;
    let mut longer = good.clone();
    longer.extend(crate::alpine::gzip(b"more"));
    for (bytes, says) in [
        (changed, "is bad: it was changed"),
        (longer, "is bad: it was changed"),
        (good[..good.len() - 5].to_vec(), "is bad: it was changed"),
        (crate::alpine::gzip(b""), "it is not signed"),
        (b"nothing".to_vec(), "the gzip archive is broken"),
        (Vec::new(), "the gzip archive is broken"),
    ] {
        fs::write(&path, bytes).unwrap();
        let outcome = outcome(&alpine, &["tzdata"]);
        assert!(
            outcome.contains("APKINDEX.tar.gz: ") && outcome.contains(says),
            "{says}: {outcome}"
        );
    }
    fs::write(&path, unsigned).unwrap();
    assert!(outcome(&alpine, &["tzdata"]).contains("APKINDEX.tar.gz: "));

    fs::write(&path, &good).unwrap();
    alpine.key("other", "stranger.rsa.pub");
    let mut strange = sources(&alpine, &["tzdata"]);
    strange.keys = vec!["stranger.rsa.pub".to_owned()];
    let error = try_resolve(&alpine, &strange).unwrap_err().to_string();
    assert!(
        error.contains(&format!(
            "it is signed by {KEY}, and none of these keys was given"
        )),
        "{error}"
    );
    // A stranger's key under the right name.
    fs::rename(alpine.path("stranger.rsa.pub"), alpine.path(KEY)).unwrap();
    let told = outcome(&alpine, &["tzdata"]);
    assert!(
        told.contains("is bad: it was changed, or signed by another key"),
        "{told}"
    );
    fs::write(alpine.path(KEY), "no key").unwrap();
    assert!(outcome(&alpine, &["tzdata"]).contains("is no public key in PEM"));
}

#[test]
fn packages_that_are_not_what_was_promised_are_refused() {
    let alpine = alpine("RSA256");
    let path = alpine.path("main/x86_64/tzdata-2026b-r0.apk");
    let good = fs::read(&path).unwrap();
    let signature = alpine.signature(b"").len();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, says) in [
        (flipped(signature + 40), "tzdata-2026b-r0.apk: "),
        ([good.as_slice(), b"x"].concat(), "were promised"),
        (good[1..].to_vec(), "were promised"),
    ] {
        fs::write(&path, bytes).unwrap();
        let told = outcome(&alpine, &["tzdata"]);
        assert!(told.contains(says), "{says}: {told}");
    }
    // Files that were changed behind a description that is signed.
    fs::write(&path, flipped(good.len() - 4)).unwrap();
    let bytes = fs::read(&path).unwrap();
    let error = seawall_packages::apk::read(&bytes.into(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("datahash"), "{error}");
    fs::remove_file(&path).unwrap();
    assert!(outcome(&alpine, &["tzdata"]).contains("tzdata-2026b-r0.apk does not exist"));
}

#[test]
fn an_index_that_lies_is_refused() {
    for (from, to, says) in [
        ("S:", "S:-", "\"tzdata\" of the index has no size"),
        ("C:Q1", "C:Q2", "has no checksum"),
        (
            "C:Q1",
            "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nX:",
            "not the one that the index promised",
        ),
        (
            "P:tzdata",
            "P:../tzdata",
            "\"../tzdata\" of the index has no name",
        ),
        ("V:2026b-r0", "V:now", "has no version"),
        ("D:x", "D:=1", "has no dependencies"),
        ("A:noarch", "noarch", "line 4"),
        ("S:", "S:9", "were promised"),
    ] {
        let mut alpine = Alpine::new("RSA");
        alpine
            .add("tzdata", "2026b-r0", "D:x\n")
            .add("x", "1-r0", "");
        alpine.change(from, to).publish();
        let told = outcome(&alpine, &["tzdata"]);
        assert!(told.contains(says), "{from}: {told}");
    }
}
