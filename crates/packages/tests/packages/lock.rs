//! The lock file: written, read, and refused where it contradicts itself.

use seawall_oci::Digest;
use seawall_packages::lock::{
    LeftOut, LockedPackage, LockedPlatform, LockedRepository, Substitution,
};
use seawall_packages::{Format, Lock, Origin};

fn package(name: &str) -> LockedPackage {
    LockedPackage {
        name: name.to_owned(),
        version: "2026b-0+deb13u1".to_owned(),
        architecture: "all".to_owned(),
        format: Format::Deb,
        repository: "http://deb.debian.org/debian trixie main".to_owned(),
        url: format!("http://deb.debian.org/debian/pool/main/t/{name}.deb"),
        digest: Digest::sha256(name.as_bytes()),
        size: 1234,
        origin: Origin {
            name: name.to_owned(),
            version: "2026b".to_owned(),
        },
        depends: vec!["z".to_owned(), "a".to_owned(), "a".to_owned()],
    }
}

fn lock() -> Lock {
    Lock::new(
        vec![Substitution {
            kind: "package".to_owned(),
            from: "ca-certificates=20250419+dhi2".to_owned(),
            to: vec!["ca-certificates=20250419".to_owned()],
        }],
        vec![LockedRepository {
            url: "http://deb.debian.org/debian/dists/trixie/InRelease".to_owned(),
            digest: Digest::sha256(b"release"),
            signed_by: "0123".to_owned(),
            date: "Sat, 12 Sep 2026 07:55:41 UTC".to_owned(),
        }],
        vec![
            LockedPlatform {
                platform: "linux/arm64".to_owned(),
                packages: vec![package("tzdata"), package("base-files")],
                left_out: vec![LeftOut {
                    package: "tzdata".to_owned(),
                    dependency: "debconf (>= 0.5) | debconf-2.0".to_owned(),
                }],
            },
            LockedPlatform {
                platform: "linux/amd64".to_owned(),
                packages: vec![package("tzdata")],
                left_out: Vec::new(),
            },
        ],
    )
}

#[test]
fn what_is_written_is_sorted_and_reads_back_the_same() {
    let lock = lock();
    let text = lock.to_text().unwrap();
    assert_eq!(Lock::parse(text.as_bytes()).unwrap(), lock);
    assert_eq!(lock.platforms[0].platform, "linux/amd64");
    assert_eq!(lock.platforms[1].packages[0].name, "base-files");
    assert_eq!(lock.platforms[1].packages[0].depends, ["a", "z"]);
    assert!(text.ends_with("}\n"));
}

#[test]
fn a_lock_that_is_not_ours_or_contradicts_itself_is_refused() {
    let text = lock().to_text().unwrap();
    for (from, to, says) in [
        ("\"lock-version\": 1", "\"lock-version\": 2", "of version 2"),
        ("linux/amd64", "linux/arm64", "linux/arm64 twice"),
        (
            "\"name\": \"base-files\"",
            "\"name\": \"tzdata\"",
            "tzdata twice",
        ),
        ("\"size\": 1234", "\"size\": -1", "cannot be understood"),
        ("\"sha256:", "\"sha256:zz", "cannot be understood"),
        ("\"size\"", "\"length\"", "cannot be understood"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Lock::parse(text.replace(from, to).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(says), "{from}: {error}");
    }
    let error = lock().platform("linux/s390x").unwrap_err();
    assert!(error.to_string().contains("lock again for this platform"));
}
