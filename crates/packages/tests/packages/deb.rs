//! A `.deb` that `dpkg-deb` built, read by us.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use seawall_packages::{Checksum, ChecksumAlgorithm, EntryKind, Format, Limits, deb};

/// A package of a few files, as `dpkg-deb` writes it with the compression that is asked for.
fn build(compression: &str) -> Bytes {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let write = |path: &str, content: &str, mode: u32| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write(
        "DEBIAN/control",
        "Package: quay\nVersion: 1:2.0-3+b1\nSource: harbour (1:2.0-3)\nArchitecture: amd64\n\
         Maintainer: Nobody <nobody@example.org>\nDepends: libc6 (>= 2.36)\nDescription: a wall\n of stone\n",
        0o644,
    );
    write(
        "DEBIAN/md5sums",
        "d41d8cd98f00b204e9800998ecf8427e  usr/bin/quay\n",
        0o644,
    );
    write("DEBIAN/postinst", "#!/bin/sh\nexit 1\n", 0o755);
    write("usr/bin/quay", "", 0o4755);
    write("usr/share/doc/quay/copyright", "MIT", 0o644);
    let long = format!("usr/share/quay/{}/stone", "depth".repeat(40));
    write(&long, "granite", 0o640);
    symlink("../../bin/quay", root.join("usr/share/quay/link")).unwrap();
    fs::hard_link(root.join("usr/bin/quay"), root.join("usr/bin/wharf")).unwrap();
    let file = folder.path().join("quay.deb");
    let output = Command::new("dpkg-deb")
        .args(["--root-owner-group", &format!("-Z{compression}"), "--build"])
        .arg(&root)
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(Path::new(&file).exists());
    fs::read(&file).unwrap().into()
}

#[test]
fn what_dpkg_built_is_read_whatever_compresses_it() {
    for compression in ["gzip", "xz", "zstd", "none"] {
        let file = build(compression);
        let package = deb::read(&file, &Limits::default()).unwrap();
        assert_eq!(package.format, Format::Deb);
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("quay", "1:2.0-3+b1")
        );
        assert_eq!(
            (
                package.origin.name.as_str(),
                package.origin.version.as_str()
            ),
            ("harbour", "1:2.0-3")
        );
        assert_eq!(package.field("depends"), Some("libc6 (>= 2.36)"));
        assert_eq!(package.field("Description"), Some("a wall\n of stone"));
        assert_eq!(
            package.license_path.as_deref(),
            Some("usr/share/doc/quay/copyright")
        );
        assert_eq!(package.size, file.len() as u64);
        assert!(
            package
                .control_file("postinst")
                .unwrap()
                .starts_with(b"#!/bin/sh")
        );
        assert_eq!(
            package.checksums,
            [Checksum {
                path: "usr/bin/quay".to_owned(),
                algorithm: ChecksumAlgorithm::Md5,
                hex: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            }]
        );
        let program = package.entry("usr/bin/quay").unwrap();
        assert_eq!((program.mode, program.uid, program.gid), (0o4755, 0, 0));
        assert_eq!(
            package.entry("usr/bin/wharf").unwrap().kind,
            EntryKind::Hardlink("usr/bin/quay".to_owned())
        );
        assert_eq!(
            package.entry("usr/share/quay/link").unwrap().kind,
            EntryKind::Symlink("../../bin/quay".to_owned())
        );
        let stone = package
            .entry(&format!("usr/share/quay/{}/stone", "depth".repeat(40)))
            .unwrap();
        assert_eq!(stone.content().unwrap().as_ref(), b"granite");
        assert_eq!(
            package.entry("usr/share").unwrap().kind,
            EntryKind::Directory
        );
        assert!(package.files.iter().all(|entry| !entry.path.is_empty()));
    }
}

#[test]
fn limits_hold() {
    let file = build("xz");
    for (limits, says) in [
        (
            Limits {
                package_bytes: 100,
                ..Limits::default()
            },
            "more than the 100",
        ),
        (
            Limits {
                unpacked_bytes: 5000,
                ..Limits::default()
            },
            "data.tar.xz: it unpacks to more than the 5000",
        ),
        (
            Limits {
                control_bytes: 2000,
                ..Limits::default()
            },
            "control.tar.xz: it unpacks to more than the 2000",
        ),
        (
            Limits {
                entries: 5,
                ..Limits::default()
            },
            "more than the 5 entries",
        ),
    ] {
        let error = deb::read(&file, &limits).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
