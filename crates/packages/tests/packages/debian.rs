//! Debian's own repositories: the packages of the static images, for both releases and both machines.
//!
//! What is fetched lies in a folder of the user's cache, so that a second run asks no network.

use std::path::Path;

use seawall_image_definition::{Architecture, Definition};
use seawall_packages::{
    Cache, Fetch, Fetcher, Limits, Lock, Offline, Package, Reach, ResolveError, packages, resolve,
};

use crate::mirror::sources;
use crate::now;

/// What Docker's own definition of a static image excludes for a release.
fn excluded(suite: &str, file: &str) -> Vec<String> {
    let release = match suite {
        "bookworm" => "debian-12",
        _ => "debian-13",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
        "../image-definition/tests/definitions/static/{release}/{file}.yaml"
    ));
    let text = std::fs::read_to_string(&path).unwrap();
    let definition = Definition::parse(file, &text).unwrap_or_else(|problems| panic!("{problems}"));
    let excluded = definition.contents.excluded();
    excluded.map(|one| format!("!{}", one.name)).collect()
}

struct Built {
    lock: Lock,
    packages: Vec<Vec<Package>>,
}

/// Resolves and reads, without the network where that is possible.
fn built(suite: &str, file: &str, wanted: &[&str]) -> Built {
    let excluded = excluded(suite, file);
    let lines: Vec<&str> = wanted
        .iter()
        .copied()
        .chain(excluded.iter().map(String::as_str))
        .collect();
    let wanted = &lines[..];
    let home = std::env::var("HOME").unwrap();
    let cache = Cache::new(Path::new(&home).join(".cache/seawall-tools/debian"));
    match build(suite, wanted, &cache, &Offline) {
        Ok(built) => built,
        Err(error) if error.to_string().contains("was not fetched before") => {
            build(suite, wanted, &cache, &Fetcher::new().unwrap()).unwrap();
            build(suite, wanted, &cache, &Offline).unwrap()
        }
        Err(error) => panic!("{error}"),
    }
}

fn build(
    suite: &str,
    wanted: &[&str],
    cache: &Cache,
    fetch: &dyn Fetch,
) -> Result<Built, ResolveError> {
    let line = format!(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian {suite} main"
    );
    let limits = Limits::default();
    let reach = Reach {
        fetch,
        cache,
        limits: &limits,
        now: now(),
    };
    let lock = resolve(
        &sources(&[&line], wanted),
        &Architecture::ALL,
        Path::new("/"),
        &reach,
    )?;
    let platforms = lock.platforms.iter();
    let packages = platforms
        .map(|platform| packages(platform, &reach))
        .collect::<Result<_, _>>()?;
    Ok(Built { lock, packages })
}

fn names(built: &Built, platform: usize) -> Vec<&str> {
    let packages = &built.lock.platforms[platform].packages;
    packages
        .iter()
        .map(|package| package.name.as_str())
        .collect()
}

#[test]
fn the_static_image_has_three_packages_on_both_machines() {
    for suite in ["trixie", "bookworm"] {
        let built = built(
            suite,
            "static",
            &["base-files", "ca-certificates", "tzdata"],
        );
        for platform in 0..2 {
            assert_eq!(
                names(&built, platform),
                ["base-files", "ca-certificates", "tzdata"],
                "{suite}"
            );
            let left_out = &built.lock.platforms[platform].left_out;
            let left_out = |package: &str, dependency: &str| {
                left_out
                    .iter()
                    .any(|one| one.package == package && one.dependency.starts_with(dependency))
            };
            assert!(left_out("base-files", "awk"), "{suite}");
            assert!(left_out("ca-certificates", "openssl"), "{suite}");
            assert!(left_out("tzdata", "debconf"), "{suite}");
            let [base_files, certificates, zones] = built.packages[platform].as_slice() else {
                panic!("three packages");
            };
            assert!(base_files.entry("usr/lib/os-release").is_some());
            assert_eq!(base_files.entry("tmp").unwrap().mode, 0o1777);
            let mozilla = |entry: &&seawall_packages::Entry| {
                entry.path.starts_with("usr/share/ca-certificates/mozilla/")
            };
            assert!(certificates.files.iter().filter(mozilla).count() > 100);
            let berlin = zones.entry("usr/share/zoneinfo/Europe/Berlin").unwrap();
            assert!(berlin.content().unwrap().starts_with(b"TZif"));
            for package in &built.packages[platform] {
                assert!(package.license_path.is_some(), "{}", package.name);
                assert!(!package.checksums.is_empty(), "{}", package.name);
            }
        }
        assert_eq!(built.lock.repositories.len(), 1);
        let text = built.lock.to_text().unwrap();
        assert_eq!(Lock::parse(text.as_bytes()).unwrap(), built.lock);
    }
}

#[test]
fn the_static_image_with_libc_has_the_loader_of_each_machine() {
    let full = std::env::var("SEAWALL_TESTS").is_ok_and(|form| form == "full");
    let suites: &[&str] = if full {
        &["trixie", "bookworm"]
    } else {
        &["trixie"]
    };
    for suite in suites {
        let built = built(
            suite,
            "static-glibc",
            &["base-files", "ca-certificates", "tzdata", "libc6"],
        );
        for (platform, machine, folder) in [(0, 62_u8, "x86_64"), (1, 183, "aarch64")] {
            let names = names(&built, platform);
            assert!(
                names.contains(&"libc6") && names.contains(&"libgcc-s1"),
                "{suite}: {names:?}"
            );
            assert!(names.len() <= 7, "{suite}: {names:?}");
            let libc = built.packages[platform]
                .iter()
                .find(|one| one.name == "libc6")
                .unwrap();
            assert_eq!(libc.origin.name, "glibc");
            let file = format!("lib/{folder}-linux-gnu/libc.so.6");
            let entry = libc
                .files
                .iter()
                .find(|entry| entry.path.ends_with(&file))
                .unwrap();
            let content = entry.content().unwrap();
            assert_eq!(
                (&content[..4], content[18]),
                (b"\x7fELF".as_slice(), machine)
            );
        }
    }
}
