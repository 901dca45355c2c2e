//! What layers make together: order, whiteouts, links, and what is hidden below.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::Write as _;

use seawall_image_source::fixture::{Entry, GZIP, ImageBuilder, TarBuilder, ZSTD};
use seawall_image_source::{Image, Irregularity, Kind, Nowhere, Opener, SourceError};
use seawall_oci::Digest;

fn open(builder: &ImageBuilder) -> Result<Image, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    builder.write(folder.path());
    Opener::default().open_path(folder.path())
}

fn text(image: &Image, path: &str) -> Option<String> {
    let bytes = image.tree.file(path)?.bytes(1 << 20).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

#[test]
fn a_higher_layer_replaces_and_deletes_and_what_was_there_is_still_known() {
    let below = TarBuilder::default()
        .directory("etc", 0o755)
        .file("etc/a", 0o644, "old")
        .file("etc/b", 0o644, "secret")
        .file("opt/x/one", 0o644, "1")
        .file("opt/x/two", 0o644, "2");
    let above = TarBuilder::default()
        .file("etc/a", 0o600, "new")
        .file("etc/.wh.b", 0o644, "")
        .file("opt/x/three", 0o644, "3")
        .file("opt/x/.wh..wh..opq", 0o644, "")
        .file(".wh..wh.plnk", 0o644, "");
    let image = open(
        &ImageBuilder::default()
            .layer(below.finish())
            .layer(above.finish()),
    )
    .unwrap();
    assert_eq!(text(&image, "etc/a").unwrap(), "new");
    assert_eq!(image.tree.get("etc/a").unwrap().mode, 0o600);
    assert!(image.tree.get("etc/b").is_none());
    let paths: Vec<&str> = image.tree.below("opt").map(|(path, _)| path).collect();
    assert_eq!(paths, ["opt/x", "opt/x/three"]);
    let shadowed: Vec<(&str, bool)> = image
        .tree
        .shadowed()
        .iter()
        .map(|shadowed| (shadowed.path.as_str(), shadowed.is_deleted))
        .collect();
    assert_eq!(
        shadowed,
        [
            ("etc/b", true),
            ("opt/x/one", true),
            ("opt/x/two", true),
            ("etc/a", false)
        ]
    );
    let secret = image.tree.shadowed()[0].node.content().unwrap();
    assert_eq!(secret.bytes(100).unwrap(), b"secret");
}

#[test]
fn links_are_followed_inside_the_root_only() {
    let layer = TarBuilder::default()
        .directory("usr/lib", 0o755)
        .symlink("lib", "usr/lib")
        .file("lib/libc.so", 0o755, "c")
        .symlink("out", "../../../etc/passwd")
        .file("etc/passwd", 0o644, "root")
        .symlink("round", "about")
        .symlink("about", "round")
        .symlink("broken", "/nowhere")
        .hardlink("usr/lib/again", "lib/libc.so");
    let image = open(&ImageBuilder::default().layer(layer.finish())).unwrap();
    assert_eq!(text(&image, "/usr/lib/libc.so").unwrap(), "c");
    assert_eq!(text(&image, "out").unwrap(), "root");
    assert_eq!(text(&image, "usr/lib/again").unwrap(), "c");
    assert!(image.tree.get("usr/lib/again").unwrap().is_link);
    assert_eq!(image.tree.resolve("round").unwrap_err(), Nowhere::Cycle);
    assert_eq!(image.tree.resolve("broken").unwrap_err(), Nowhere::Absent);
    assert!(matches!(&image.tree.get("lib").unwrap().kind, Kind::Symlink(to) if to == "usr/lib"));
}

#[test]
fn packed_layers_are_unpacked_and_their_digests_compared() {
    let tar = TarBuilder::default().file("a", 0o644, "x").finish();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    let zstd = zstd::encode_all(&*tar, 1).unwrap();
    for (media_type, bytes) in [(GZIP, gzip.finish().unwrap()), (ZSTD, zstd)] {
        let mut builder = ImageBuilder::default();
        let diff_id = Digest::sha256(&tar);
        builder
            .layers
            .push((media_type.to_owned(), bytes.clone(), diff_id.clone()));
        let image = open(&builder).unwrap();
        assert_eq!(text(&image, "a").unwrap(), "x");
        assert_eq!(image.layers[0].diff_id, diff_id);
        assert_eq!(image.irregularities, []);
        // The same with a media type and a diff id that lie.
        builder.layers[0].0 = seawall_image_source::fixture::PLAIN.to_owned();
        builder.layers[0].2 = Digest::sha256(b"");
        let irregularities = open(&builder).unwrap().irregularities;
        assert!(matches!(
            irregularities.as_slice(),
            [Irregularity::DiffId { .. }, Irregularity::Packing { .. }]
        ));
    }
}

#[test]
fn attributes_devices_and_owners_are_kept() {
    let device = Entry {
        path: "dev/sda",
        flag: b'4',
        device: (8, 1),
        uid: 12,
        gid: 34,
        ..Entry::default()
    };
    let capable = Entry {
        path: "ping",
        mode: 0o4755,
        attributes: &[("security.capability", b"\x01\x00=x\n")],
        ..Entry::default()
    };
    let long = "a/".repeat(80) + "end";
    let layer = TarBuilder::default()
        .entry(&device, b"")
        .entry(&capable, b"elf")
        .file(&long, 0o644, "far");
    let image = open(&ImageBuilder::default().layer(layer.finish())).unwrap();
    let node = image.tree.get("dev/sda").unwrap();
    assert!(matches!(node.kind, Kind::BlockDevice(8, 1)));
    assert_eq!((node.uid, node.gid), (12, 34));
    let node = image.tree.get("ping").unwrap();
    assert_eq!(node.mode, 0o4755);
    assert_eq!(node.attributes["security.capability"], b"\x01\x00=x\n");
    assert_eq!(text(&image, &long).unwrap(), "far");
}

#[test]
fn a_path_twice_and_bytes_behind_the_end_are_told() {
    let mut layer = TarBuilder::default()
        .file("a", 0o644, "1")
        .file("./a", 0o644, "2")
        .finish();
    layer.extend([0; 512]);
    layer.extend(TarBuilder::default().file("hidden", 0o644, "x").finish());
    let image = open(&ImageBuilder::default().layer(layer)).unwrap();
    assert_eq!(text(&image, "a").unwrap(), "2");
    assert!(image.tree.get("hidden").is_none());
    let duplicate = Irregularity::Duplicate {
        layer: 0,
        path: "a".to_owned(),
    };
    assert!(image.irregularities.contains(&duplicate));
    assert!(
        image
            .irregularities
            .contains(&Irregularity::HiddenBytes { layer: 0 })
    );
}
