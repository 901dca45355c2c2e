//! Everything that can be wrong with a repository is refused by its name.

use std::fs;

use seawall_packages::{Cache, Limits, Offline, Reach, packages};

use crate::mirror::{Mirror, resolve_at};
use crate::now;
use crate::signer::Signer;

fn mirror() -> Mirror {
    let mut mirror = Mirror::new();
    mirror
        .add("base", "1.0", "")
        .add("tool", "2.0", "Depends: base (>= 1.0)\n");
    mirror.publish();
    mirror
}

#[test]
fn a_good_repository_gives_a_lock_and_its_packages() {
    let mirror = mirror();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let lock = mirror.resolve(&["tool"], &cache).unwrap();
    let locked = &lock.platforms[0].packages[1];
    assert_eq!(
        (locked.name.as_str(), locked.depends[0].as_str()),
        ("tool", "base")
    );
    assert_eq!(lock.repositories[0].signed_by, mirror.signer.fingerprint());
    assert_eq!(lock.repositories[0].date, "Sat, 12 Sep 2026 07:55:41 UTC");
    let limits = Limits::default();
    let reach = Reach {
        fetch: &Offline,
        cache: &cache,
        limits: &limits,
        now: now(),
    };
    let read = packages(&lock.platforms[0], &reach).unwrap();
    assert_eq!(
        read[1].entry("tool").unwrap().content().unwrap().as_ref(),
        b"2.0"
    );

    // The packages are in the cache: the mirror may go.
    fs::remove_dir_all(mirror.path("pool")).unwrap();
    assert_eq!(packages(&lock.platforms[0], &reach).unwrap(), read);

    // What is damaged in the cache is not used.
    let digest = &locked.digest;
    let path = folder
        .path()
        .join("sha256")
        .join(&digest.hex()[..2])
        .join(digest.hex());
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = packages(&lock.platforms[0], &reach).unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[test]
fn a_package_that_is_another_one_is_refused() {
    let mirror = mirror();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let lock = mirror.resolve(&["tool"], &cache).unwrap();
    let limits = Limits::default();
    let reach = Reach {
        fetch: &Offline,
        cache: &cache,
        limits: &limits,
        now: now(),
    };
    let refused = |change: &dyn Fn(&mut seawall_packages::lock::LockedPackage)| {
        let mut platform = lock.platforms[0].clone();
        change(&mut platform.packages[0]);
        packages(&platform, &reach).unwrap_err().to_string()
    };
    assert!(refused(&|one| one.version = "1.1".to_owned()).contains("the lock file says base 1.1"));
    assert!(refused(&|one| one.name = "basis".to_owned()).contains("the lock file says basis 1.0"));
    assert!(refused(&|one| one.digest = seawall_oci::Digest::sha256(b"")).contains("was promised"));
    assert!(refused(&|one| one.size += 1).contains("were promised"));
    assert!(refused(&|one| one.size -= 1).contains("were promised"));
    assert!(refused(&|one| one.size = 1 << 40).contains("more than the"));
}

#[test]
fn a_changed_package_on_the_mirror_is_refused() {
    let mirror = mirror();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let lock = mirror.resolve(&["base"], &cache).unwrap();
    let path = mirror.path("pool/base_1.0_all.deb");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let limits = Limits::default();
    let reach = Reach {
        fetch: &Offline,
        cache: &cache,
        limits: &limits,
        now: now(),
    };
    let error = packages(&lock.platforms[0], &reach)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("base_1.0_all.deb is sha256:") && error.contains("was promised"),
        "{error}"
    );
}

#[test]
fn broken_signatures_are_refused_by_their_name() {
    let mirror = mirror();
    let (_, release) = mirror.index();
    let signed = mirror.signer.sign(&release, &[]);
    let stranger = Signer::with_key("ed25519");
    for (document, says) in [
        (
            signed.replace("Suite: test", "Suite: tast"),
            "is bad: the document was changed",
        ),
        (stranger.sign(&release, &[]), "none of these keys was given"),
        (release, "is not signed"),
        (
            mirror.signer.sign("Suite: other\nSHA256:\n", &[]),
            "is of other, , and test was asked for",
        ),
        (
            mirror.signer.sign("Suite: test\n", &[]),
            "no SHA256 that can be understood",
        ),
        (
            mirror.signer.sign("Suite: test\nSHA256:\n zz 1 x\n", &[]),
            "no SHA256 that can be understood",
        ),
        (
            mirror.signer.sign("Suite: test\nSHA256:\n", &[]),
            "no packages of main for amd64",
        ),
        (mirror.signer.sign("no colon", &[]), "there is no colon"),
    ] {
        mirror.publish_release(&document);
        let outcome = mirror.outcome(&["tool"]);
        assert!(
            outcome.contains("dists/test/InRelease") && outcome.contains(says),
            "{says}: {outcome}"
        );
    }
    fs::remove_file(mirror.path("dists/test/InRelease")).unwrap();
    assert!(
        mirror
            .outcome(&["tool"])
            .contains("InRelease does not exist")
    );
}

#[test]
fn a_release_whose_time_is_over_is_refused_unless_that_is_wanted() {
    let mut mirror = mirror();
    mirror
        .release
        .push_str("Valid-Until: Sun, 13 Sep 2026 00:00:00 UTC\n");
    mirror.publish();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let later = 1_900_000_000;
    let outcome = |options: &str| {
        let line = format!(
            "deb [signed-by=key.gpg{options}] {} test main",
            mirror.url()
        );
        let sources = crate::mirror::sources(&[&line], &["tool"]);
        resolve_at(&sources, &mirror.path(""), &cache, &Offline, later)
    };
    let error = outcome("").unwrap_err().to_string();
    assert!(error.contains("valid until Sun, 13 Sep 2026"), "{error}");
    outcome(" check-valid-until=no").unwrap();
}

#[test]
fn a_key_must_be_a_file_with_a_key() {
    let mirror = mirror();
    fs::write(mirror.path("empty.gpg"), "").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    for (option, says) in [
        ("[signed-by=https://example.org/x.key]", "is not a file"),
        (
            "[signed-by=/usr/share/keyrings/nothing.gpg]",
            "nothing.gpg cannot be read",
        ),
        ("[signed-by=empty.gpg]", "has no key that can be used"),
        ("", "no key is named for the repository"),
        ("[signed-by=key.gpg arch=arm64]", "there is no repository"),
    ] {
        let line = format!("deb {option} {} test main", mirror.url());
        let sources = crate::mirror::sources(&[&line], &["tool"]);
        let error = resolve_at(&sources, &mirror.path(""), &cache, &Offline, now()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn an_index_that_is_not_the_one_that_was_signed_is_refused() {
    let mirror = mirror();
    let path = mirror.path("dists/test/main/binary-amd64/Packages.gz");
    let good = fs::read(&path).unwrap();
    let mut changed = good.clone();
    changed[20] ^= 1;
    let mut longer = good.clone();
    longer.push(0);
    for (bytes, says) in [
        (changed, "was promised"),
        (longer, "were promised"),
        (good[1..].to_vec(), "were promised"),
    ] {
        fs::write(&path, bytes).unwrap();
        let outcome = mirror.outcome(&["tool"]);
        assert!(
            outcome.contains("Packages.gz") && outcome.contains(says),
            "{outcome}"
        );
    }
}

#[test]
fn an_index_that_lies_or_leads_elsewhere_is_refused() {
    for (from, to, says) in [
        ("Size: ", "Size: -", "\"base\" has no Size"),
        ("SHA256: ", "SHA256: zz", "\"base\" has no SHA256"),
        (
            "Filename: pool",
            "Filename: ../pool",
            "\"base\" has no Filename",
        ),
        (
            "Filename: pool",
            "Filename: /pool",
            "\"base\" has no Filename",
        ),
        ("Version: 1.0", "Version: _", "\"base\" has no Version"),
        ("Architecture: all\n", "", "\"base\" has no Architecture"),
        ("Version: ", "Version ", "a line has no colon"),
        (
            "Depends: base (>= 1.0)",
            "Depends: base (>= )",
            "tool: \"base (>= )\" is no relation",
        ),
    ] {
        let mut mirror = Mirror::new();
        mirror
            .add("base", "1.0", "")
            .add("tool", "2.0", "Depends: base (>= 1.0)\n");
        mirror.change(from, to).publish();
        let outcome = mirror.outcome(&["tool"]);
        assert!(outcome.contains(says), "{from}: {outcome}");
    }
}

#[test]
fn an_index_is_read_under_limits() {
    let mirror = mirror();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let default = Limits::default;
    for (limits, says) in [
        (
            Limits {
                release_bytes: 10,
                ..default()
            },
            "InRelease has more than the 10 bytes",
        ),
        (
            Limits {
                index_bytes: 10,
                ..default()
            },
            "Packages.gz has more than the 10 bytes",
        ),
        (
            Limits {
                unpacked_index_bytes: 100,
                ..default()
            },
            "unpacks to more than the 100 bytes",
        ),
        (
            Limits {
                index_packages: 1,
                ..default()
            },
            "more than the 1 packages",
        ),
    ] {
        let reach = Reach {
            fetch: &Offline,
            cache: &cache,
            limits: &limits,
            now: now(),
        };
        let architectures = [seawall_image_definition::Architecture::Amd64];
        let sources = mirror.sources(&["tool"]);
        let error = seawall_packages::resolve(&sources, &architectures, &mirror.path(""), &reach);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
