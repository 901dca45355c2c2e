//! Bytes of strangers: whatever they are, they are read or refused, and nothing panics.

use bytes::Bytes;
use proptest::prelude::*;
use seawall_packages::deb::version::Version;
use seawall_packages::deb::{control, index, relation, release};
use seawall_packages::openpgp::{Keyring, verify};
use seawall_packages::{Limits, Lock, apk, deb};

fn limits() -> Limits {
    Limits {
        unpacked_bytes: 1 << 20,
        unpacked_index_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// A `.deb` of a control archive and an archive of files that are not compressed.
fn package(control: &[u8], data: &[u8]) -> Bytes {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in [
        ("debian-binary", b"2.0\n".as_slice()),
        ("control.tar", control),
        ("data.tar", data),
    ] {
        bytes.extend(
            format!(
                "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                0,
                0,
                0,
                100_644,
                content.len()
            )
            .bytes(),
        );
        bytes.extend(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes.into()
}

fn archive(entries: &[(tar::EntryType, &str, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, link, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        // The builder itself refuses names that lead elsewhere, so they are written by hand.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn control_archive() -> Vec<u8> {
    let control = b"Package: quay\nVersion: 1\nArchitecture: all\n";
    archive(&[(tar::EntryType::Regular, "./control", "", control)])
}

#[test]
fn entries_that_lead_elsewhere_or_are_no_files_are_refused() {
    use tar::EntryType as Kind;
    for (kind, path, link, says) in [
        (Kind::Regular, "../etc/passwd", "", "leads upwards by .."),
        (Kind::Regular, "usr/../../etc", "", "leads upwards by .."),
        (Kind::Regular, "/etc/passwd", "", "begins with /"),
        (Kind::Link, "usr/x", "../etc/shadow", "which leads upwards"),
        (Kind::Link, "usr/x", "/etc/shadow", "which begins with /"),
        (Kind::Link, "usr/x", "usr/y", "did not come before it"),
        (Kind::Link, "usr/x", "usr/x", "did not come before it"),
        (Kind::Symlink, "usr/x", "", "link to nothing"),
        (Kind::Char, "dev/null", "", "is a device"),
        (Kind::Block, "dev/sda", "", "is a device"),
        (Kind::Fifo, "run/pipe", "", "is a pipe"),
        (Kind::GNUSparse, "usr/x", "", ""),
        (Kind::new(b'Q'), "usr/x", "", "of a kind"),
        (Kind::Regular, "./", "", "the root, and no folder"),
    ] {
        let data = archive(&[(kind, path, link, b"")]);
        let error = deb::read(&package(&control_archive(), &data), &limits()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("data.tar: ") && error.contains(says),
            "{path}: {error}"
        );
    }
    let link = archive(&[(Kind::Symlink, "usr/x", "../../../etc/shadow", b"")]);
    assert!(deb::read(&package(&control_archive(), &link), &limits()).is_ok());
}

#[test]
fn a_file_that_says_that_it_is_longer_than_the_archive_is_refused() {
    let mut data = archive(&[(tar::EntryType::Regular, "usr/x", "", b"1234")]);
    for size in [5_000_u64, u64::MAX / 2, u64::MAX] {
        let mut header = tar::Header::from_byte_slice(&data[..512]).clone();
        header.set_size(size);
        header.set_cksum();
        data[..512].copy_from_slice(header.as_bytes());
        assert!(
            deb::read(&package(&control_archive(), &data), &limits()).is_err(),
            "{size}"
        );
    }
}

#[test]
fn what_is_no_package_is_refused_by_what_it_lacks() {
    let data = archive(&[]);
    let good = package(&control_archive(), &data);
    let control = |text: &[u8]| {
        package(
            &archive(&[(tar::EntryType::Regular, "control", "", text)]),
            &data,
        )
    };
    let renamed = |from: &[u8], to: &[u8]| {
        let at = good
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        let mut bytes = good.to_vec();
        bytes[at..at + to.len()].copy_from_slice(to);
        Bytes::from(bytes)
    };
    for (file, says) in [
        (Bytes::new(), "does not begin with"),
        (
            renamed(b"debian-binary", b"debian-bimary"),
            "does not begin with debian-binary",
        ),
        (renamed(b"2.0\n", b"3.0\n"), "not version 2"),
        (
            renamed(b"control.tar", b"contrul.tar"),
            "not followed by control.tar",
        ),
        (renamed(b"data.tar ", b"data.tar."), "not known"),
        (
            renamed(b"data.tar", b"date.tar"),
            "not followed by data.tar",
        ),
        (package(&archive(&[]), &data), "has no control"),
        (control(b""), "there is no field"),
        (control(b"Package: quay\nVersion: 1\n"), "Architecture"),
        (
            control(b"Package: a b\nVersion: 1\nArchitecture: all\n"),
            "Package",
        ),
        (
            control(b"Package: a\nVersion: 1\nArchitecture: all\nSource: (1)\n"),
            "Source",
        ),
        (control(b"\xff\xfe: 1\n"), "not UTF-8"),
    ] {
        let error = deb::read(&file, &limits()).unwrap_err();
        assert!(error.to_string().contains(says), "{says}: {error}");
    }
    assert!(deb::read(&good, &limits()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = control::paragraph(&text);
        let _ = Version::parse(&text);
        let _ = relation::parse(&text);
        let _ = release::Release::parse(&text, "test", true, 0);
        let _ = Keyring::parse(&bytes);
        let _ = Lock::parse(&bytes);
        for name in ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"] {
            let _ = index::read(name, &bytes, &limits());
        }
        let _ = apk::version::Version::parse(&text);
        let _ = apk::relation::parse(&text);
        let _ = apk::index::read(&text, &limits());
        let _ = apk::read(&Bytes::copy_from_slice(&bytes), &limits());
        let member = crate::alpine::gzip(&bytes);
        let _ = apk::read(&[member.clone(), member.clone(), member].concat().into(), &limits());
        let mut archive = b"!<arch>\n".to_vec();
        archive.extend(&bytes);
        let _ = deb::read(&archive.into(), &limits());
    }

    #[test]
    fn a_package_with_some_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let data = archive(&[
            (tar::EntryType::Directory, "./usr/", "", b""),
            (tar::EntryType::Regular, "./usr/x", "", b"content"),
            (tar::EntryType::Link, "./usr/y", "./usr/x", b""),
        ]);
        let mut bytes = package(&control_archive(), &data).to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = deb::read(&bytes.into(), &limits()) {
            for entry in read.files {
                prop_assert!(!entry.path.starts_with('/'));
                prop_assert!(entry.path.split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }

    #[test]
    fn a_signed_document_of_any_kind_is_refused(text in "[ -~\n]{0,300}", armour in "[A-Za-z0-9+/=\n]{0,200}") {
        let document = format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}\n-----BEGIN PGP SIGNATURE-----\n\n{armour}\n-----END PGP SIGNATURE-----\n");
        prop_assert!(verify(&document, &Keyring::default(), 0).is_err());
    }
}
