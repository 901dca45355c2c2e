//! Images made to hurt: refused, within bounds, with nothing written outside.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::Write as _;

use seawall_image_source::fixture::{Entry, GZIP, ImageBuilder, TarBuilder, ZSTD, record};
use seawall_image_source::{Image, Limits, Opener, SourceError};
use seawall_oci::Digest;
use serde_json::json;

fn open_with(builder: &ImageBuilder, limits: Limits) -> Result<Image, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    builder.write(folder.path());
    let opener = Opener {
        limits,
        ..Opener::default()
    };
    opener.open_path(folder.path())
}

fn refusal(layers: Vec<Vec<u8>>) -> String {
    let builder = layers
        .into_iter()
        .fold(ImageBuilder::default(), ImageBuilder::layer);
    match open_with(&builder, Limits::default()) {
        Err(SourceError::Refused(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../etc/passwd", "a/../../b", "/../x", "..", "a/.."] {
        let reason = refusal(vec![TarBuilder::default().file(path, 0o644, "x").finish()]);
        assert!(reason.contains("leads out"), "{path}: {reason}");
    }
    let mut records = Vec::new();
    record(&mut records, "path", b"../../etc/shadow");
    let layer = TarBuilder::default()
        .raw(b'x', &records)
        .file("harmless", 0o644, "x");
    assert!(refusal(vec![layer.finish()]).contains("leads out"));
}

#[test]
fn whiteouts_that_name_a_folder_above_are_refused() {
    for path in ["a/.wh.", "a/.wh..", "a/.wh..."] {
        let reason = refusal(vec![TarBuilder::default().file(path, 0o644, "").finish()]);
        assert!(reason.contains("whiteout"), "{path}: {reason}");
    }
}

#[test]
fn what_lies_in_a_file_or_behind_a_cycle_is_refused() {
    let in_a_file = TarBuilder::default()
        .file("a", 0o644, "x")
        .file("a/b", 0o644, "y");
    assert!(refusal(vec![in_a_file.finish()]).contains("no directory"));
    let cycle = TarBuilder::default()
        .symlink("a", "b")
        .symlink("b", "a")
        .file("a/c", 0o644, "x");
    assert!(refusal(vec![cycle.finish()]).contains("circle"));
    let below = TarBuilder::default().symlink("a", "a").finish();
    let above = TarBuilder::default().file("a/.wh.b", 0o644, "").finish();
    assert!(refusal(vec![below, above]).contains("circle"));
}

#[test]
fn hard_links_to_nothing_and_to_themselves_are_refused() {
    for (path, link) in [("a", "b"), ("a", "a"), ("a", "../x"), ("a", "")] {
        let layer = TarBuilder::default().hardlink(path, link).finish();
        refusal(vec![layer]);
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    let claims = |size| Entry {
        path: "a",
        size: Some(size),
        ..Entry::default()
    };
    for size in [1 << 20, 0o77_777_777_777] {
        let layer = TarBuilder::default().entry(&claims(size), b"x").finish();
        assert!(refusal(vec![layer]).contains("has not so many"));
    }
    let mut records = Vec::new();
    record(&mut records, "size", b"99999999999999999999");
    let layer = TarBuilder::default()
        .raw(b'x', &records)
        .file("a", 0o644, "x");
    assert!(refusal(vec![layer.finish()]).contains("no number"));
    let mut records = Vec::new();
    record(&mut records, "size", b"18446744073709551615");
    let layer = TarBuilder::default()
        .raw(b'x', &records)
        .file("a", 0o644, "x");
    assert!(refusal(vec![layer.finish()]).contains("has not so many"));
}

#[test]
fn headers_that_are_none_are_refused() {
    let good = TarBuilder::default().file("a", 0o644, "x").finish();
    let mut broken = good.clone();
    broken[0] = b'b';
    assert!(refusal(vec![broken]).contains("checksum"));
    assert!(refusal(vec![good[..300].to_vec()]).contains("middle of a block"));
    let mut gap = TarBuilder::default().unfinished();
    gap.extend([0; 512]);
    gap.extend(&good);
    assert!(refusal(vec![gap]).contains("after a block of zeros"));
    for (flag, content) in [
        (b'x', &b"nonsense"[..]),
        (b'x', b"5 a=b\n"),
        (b'x', b"999 a=b\n"),
        (b'g', b"17 path=elsewher\n"),
    ] {
        let layer = TarBuilder::default()
            .raw(flag, content)
            .file("a", 0o644, "x");
        refusal(vec![layer.finish()]);
    }
    assert!(refusal(vec![TarBuilder::default().raw(b'L', b"name").unfinished()]).contains("ends"));
    let sparse = Entry {
        path: "a",
        flag: b'S',
        ..Entry::default()
    };
    assert!(refusal(vec![TarBuilder::default().entry(&sparse, b"").finish()]).contains("type"));
    // A long name that is no name, but a way to fill memory.
    let long = vec![b'a'; 2 << 20];
    assert!(refusal(vec![TarBuilder::default().raw(b'L', &long).finish()]).contains("bytes"));
}

#[test]
fn a_bomb_ends_at_its_limit() {
    let zeros = vec![0_u8; 8 << 20];
    let tar = TarBuilder::default().file("zeros", 0o644, &zeros).finish();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&tar).unwrap();
    let mut builder = ImageBuilder::default();
    builder.layers.push((
        GZIP.to_owned(),
        gzip.finish().unwrap(),
        Digest::sha256(&tar),
    ));
    let ratio = Limits {
        ratio_from_bytes: 1 << 20,
        ..Limits::default()
    };
    let room = Limits {
        unpacked_bytes: 4 << 20,
        ..Limits::default()
    };
    for (limits, expected) in [(ratio, "times its size"), (room, "more than is taken")] {
        match open_with(&builder, limits) {
            Err(SourceError::Refused(reason)) => assert!(reason.contains(expected), "{reason}"),
            other => panic!("not refused: {other:?}"),
        }
    }
    assert!(open_with(&builder, Limits::default()).is_ok());
}

#[test]
fn too_many_entries_layers_and_folders_are_refused() {
    let layer = || {
        TarBuilder::default()
            .file("a", 0o644, "")
            .file("b", 0o644, "")
            .finish()
    };
    let builder = ImageBuilder::default().layer(layer()).layer(layer());
    for limits in [
        Limits {
            entries: 3,
            ..Limits::default()
        },
        Limits {
            layers: 1,
            ..Limits::default()
        },
    ] {
        assert!(matches!(
            open_with(&builder, limits),
            Err(SourceError::Refused(_))
        ));
    }
    let deep = "a/".repeat(200);
    refusal(vec![TarBuilder::default().directory(&deep, 0o755).finish()]);
}

#[test]
fn blobs_of_other_bytes_or_sizes_are_refused() {
    let layer = TarBuilder::default().file("a", 0o644, "x").finish();
    let folder = tempfile::tempdir().unwrap();
    let builder = ImageBuilder::default().layer(layer.clone());
    builder.write(folder.path());
    let blob = folder
        .path()
        .join("blobs/sha256")
        .join(Digest::sha256(&layer).hex());
    let mut other = layer.clone();
    other[600] = b'!';
    std::fs::write(&blob, &other).unwrap();
    let opened = Opener::default().open_path(folder.path());
    assert!(
        matches!(opened, Err(SourceError::WrongDigest { .. })),
        "{opened:?}"
    );
    std::fs::write(&blob, &layer[..512]).unwrap();
    let opened = Opener::default().open_path(folder.path());
    assert!(matches!(opened, Err(SourceError::Refused(_))), "{opened:?}");
    std::fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &blob).unwrap();
    let opened = Opener::default().open_path(folder.path());
    assert!(matches!(opened, Err(SourceError::Refused(_))), "{opened:?}");
    let builder = ImageBuilder {
        spoil: |manifest| manifest["layers"][0]["size"] = json!(1),
        ..builder
    };
    assert!(matches!(
        open_with(&builder, Limits::default()),
        Err(SourceError::Refused(_))
    ));
}

#[test]
fn an_index_that_holds_itself_ends() {
    let folder = tempfile::tempdir().unwrap();
    ImageBuilder::default().write(folder.path());
    // A digest cannot be in its own bytes; a nest of indexes is as deep as it is written.
    let mut inner = std::fs::read(folder.path().join("index.json")).unwrap();
    for _ in 0..6 {
        let digest = Digest::sha256(&inner);
        std::fs::write(
            folder.path().join("blobs/sha256").join(digest.hex()),
            &inner,
        )
        .unwrap();
        inner = serde_json::to_vec(&json!({ "schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest.as_str(), "size": inner.len(),
        }] }))
        .unwrap();
    }
    std::fs::write(folder.path().join("index.json"), inner).unwrap();
    let opened = Opener::default().open_path(folder.path());
    assert!(
        matches!(&opened, Err(SourceError::Malformed(reason)) if reason.contains("no image")),
        "{opened:?}"
    );
}

#[test]
fn an_archive_with_a_member_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let archive = TarBuilder::default()
        .file("manifest.json", 0o644, "[]")
        .file("./manifest.json", 0o644, "[{}]");
    let path = folder.path().join("image.tar");
    std::fs::write(&path, archive.finish()).unwrap();
    let opened = Opener::default().open_path(&path);
    assert!(
        matches!(&opened, Err(SourceError::Refused(reason)) if reason.contains("twice")),
        "{opened:?}"
    );
}

#[test]
fn names_and_attributes_that_fill_memory_are_refused() {
    let value = vec![b'v'; 60_000];
    let attributes: &[(&str, &[u8])] = &[("user.x", &value)];
    let entry = Entry {
        path: "a",
        attributes,
        ..Entry::default()
    };
    let many_attributes = TarBuilder::default().entry(&entry, b"");
    let mut record_of_path = Vec::new();
    record(&mut record_of_path, "path", "long/".repeat(20).as_bytes());
    let long_names = (0..600).fold(TarBuilder::default(), |tar, _| {
        tar.raw(b'x', &record_of_path).directory("x", 0o755)
    });
    let long_links = (0..600).fold(TarBuilder::default(), |tar, number| {
        tar.symlink(&format!("l{number}"), &"t".repeat(90))
    });
    for layer in [many_attributes, long_names, long_links] {
        let builder = ImageBuilder::default().layer(layer.finish());
        let limits = Limits {
            names_bytes: 50_000,
            ..Limits::default()
        };
        match open_with(&builder, limits) {
            Err(SourceError::Refused(reason)) => assert!(reason.contains("names"), "{reason}"),
            other => panic!("not refused: {other:?}"),
        }
        assert!(open_with(&builder, Limits::default()).is_ok());
    }
}

#[test]
fn links_that_go_a_long_way_around_are_refused() {
    // Each is short enough to be a path, and passes through the one before it a hundred times.
    let mut layer = TarBuilder::default()
        .directory("a", 0o755)
        .symlink("l0", "a");
    for number in 1..8 {
        let around = format!("l{}/../", number - 1).repeat(14) + &format!("l{}", number - 1);
        layer = layer.symlink(&format!("l{number}"), &around);
    }
    let layer = layer.file("l7/x", 0o644, "x");
    assert!(refusal(vec![layer.finish()]).contains("circle"));
}

#[test]
fn sparse_files_of_pax_are_refused() {
    for key in ["GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.realsize"] {
        let mut records = Vec::new();
        record(&mut records, key, b"1");
        let layer = TarBuilder::default()
            .raw(b'x', &records)
            .file("a", 0o644, "x");
        assert!(refusal(vec![layer.finish()]).contains("sparse"));
    }
}

#[test]
fn a_bomb_of_zstd_ends_at_its_limit_too() {
    let tar = TarBuilder::default()
        .file("zeros", 0o644, vec![0_u8; 8 << 20])
        .finish();
    let mut builder = ImageBuilder::default();
    builder.layers.push((
        ZSTD.to_owned(),
        zstd::encode_all(tar.as_slice(), 3).unwrap(),
        Digest::sha256(&tar),
    ));
    let limits = Limits {
        unpacked_bytes: 4 << 20,
        ..Limits::default()
    };
    assert!(matches!(
        open_with(&builder, limits),
        Err(SourceError::Refused(_))
    ));
    assert!(open_with(&builder, Limits::default()).is_ok());
}

#[test]
fn what_refers_to_an_image_is_taken_only_so_far() {
    let document = |size: usize| {
        let bytes = vec![b' '; size];
        (
            "application/spdx+json".to_owned(),
            vec![("application/spdx+json".to_owned(), bytes)],
        )
    };
    let layer = TarBuilder::default().file("a", 0o644, "x").finish();
    let mut builder = ImageBuilder::default().layer(layer);
    builder.referrers = vec![document(30_000), document(30_001)];
    let limits = Limits {
        referrers_bytes: 50_000,
        ..Limits::default()
    };
    match open_with(&builder, limits) {
        Err(SourceError::Refused(reason)) => assert!(reason.contains("too many bytes"), "{reason}"),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(
        open_with(&builder, Limits::default())
            .unwrap()
            .referrers
            .len(),
        2
    );
    // One layer that a manifest names again and again costs again and again.
    builder.referrers = vec![("x".to_owned(), vec![("x".to_owned(), b"1".to_vec()); 60])];
    assert!(matches!(
        open_with(&builder, limits),
        Err(SourceError::Refused(_))
    ));
}
