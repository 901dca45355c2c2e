//! The same tree is the same bits: however it was filled, wherever it is written, whoever runs it.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use seawall_image::layer::{Arrangement, Compression, Layer, LayerOptions, write_layers};
use seawall_image::{Content, Epoch, Layout, Node, Origin, Tree, TreePath, docker_archive};
use seawall_oci::document::{Index, to_bytes};

/// What a random tree is made of: path, what lies there, owner, mode, time, package.
#[derive(Clone, Debug)]
struct Piece {
    path: String,
    kind: u8,
    content: Vec<u8>,
    owner: u32,
    mode: u32,
    mtime: u64,
    package: u8,
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = (
        proptest::collection::vec("[a-f]{1,3}", 1..5),
        0u8..4,
        proptest::collection::vec(any::<u8>(), 0..400),
        0u32..100_000,
        0u32..0o10000,
        any::<u32>(),
        0u8..6,
    )
        .prop_map(
            |(parts, kind, content, owner, mode, mtime, package)| Piece {
                // The depth is in each name, so that no file stands where another piece needs a folder.
                path: parts
                    .iter()
                    .enumerate()
                    .fold(String::new(), |path, (at, part)| {
                        path + &at.to_string() + part + "/"
                    })
                    + &format!("leaf-{kind}-{package}"),
                kind,
                content,
                owner,
                mode,
                mtime: mtime.into(),
                package,
            },
        );
    proptest::collection::vec(piece, 1..40).prop_map(|mut pieces| {
        pieces.sort_by(|one, two| one.path.cmp(&two.path));
        pieces.dedup_by(|one, two| one.path == two.path);
        pieces
    })
}

fn fill(pieces: &[Piece], on_disk: Option<&std::path::Path>) -> Tree {
    let mut tree = Tree::new();
    for (at, piece) in pieces.iter().enumerate() {
        let path = TreePath::new(&piece.path).unwrap();
        let origin = Origin::Package(format!("package-{}", piece.package).into());
        // Folders on the way belong to nobody in particular, in whatever order they come.
        tree.put(&path.parent().unwrap(), Node::directory(Origin::Definition))
            .unwrap();
        let node = match piece.kind {
            0 => Node::directory(origin),
            1 => Node::symlink(&format!("./../x//{}", at % 7), origin),
            _ => {
                let content = match on_disk {
                    Some(folder) => {
                        let file = folder.join(piece.path.replace('/', "_"));
                        std::fs::write(&file, &piece.content).unwrap();
                        Content::of_file(&file).unwrap()
                    }
                    None => piece.content.clone().into(),
                };
                Node::file(content, origin)
            }
        };
        let node = node
            .with_owner(piece.owner, piece.owner / 2)
            .with_mode(piece.mode)
            .with_mtime(piece.mtime);
        tree.put(&path, node).unwrap();
    }
    tree
}

fn options(compression: Compression, layers: usize, threads: usize) -> LayerOptions {
    LayerOptions {
        compression,
        arrangement: NonZeroUsize::new(layers)
            .filter(|layers| layers.get() > 1)
            .map_or(Arrangement::Squashed, Arrangement::ByOrigin),
        epoch: Epoch::from_seconds(1_000_000_000),
        threads: NonZeroUsize::new(threads).unwrap(),
    }
}

fn layers(tree: &Tree, options: &LayerOptions) -> (tempfile::TempDir, Vec<Layer>) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create(folder.path()).unwrap();
    let layers = write_layers(tree, options, &layout, &|_| {}).unwrap();
    (folder, layers)
}

/// Symbolic links hold the order of the pieces, which shuffling changes: they are left out there.
fn no_links(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.retain(|piece| piece.kind != 1);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn neither_order_nor_threads_nor_place_change_a_bit(
        pieces in pieces().prop_map(no_links), seed in any::<u64>(), budget in 1usize..9,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut shuffled = pieces.clone();
        let length = shuffled.len();
        for at in 0..length {
            let other = usize::try_from(seed.wrapping_mul(at as u64 + 7) % length as u64).unwrap();
            shuffled.swap(at, other);
        }
        for compression in [Compression::Gzip, Compression::Zstd] {
            let (_one, first) = layers(&fill(&pieces, None), &options(compression, budget, 1));
            let (_two, second) =
                layers(&fill(&shuffled, Some(folder.path())), &options(compression, budget, 4));
            prop_assert_eq!(&first, &second);
            prop_assert!(first.len() <= budget);
        }
    }

    #[test]
    fn the_archive_is_the_same_under_every_packing(pieces in pieces(), budget in 1usize..5) {
        let tree = fill(&pieces, None);
        let [gzip, zstd, plain] = [Compression::Gzip, Compression::Zstd, Compression::None]
            .map(|compression| layers(&tree, &options(compression, budget, 2)));
        let diff_ids = |layers: &[Layer]| layers.iter().map(|layer| layer.diff_id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(diff_ids(&gzip.1), diff_ids(&zstd.1));
        prop_assert_eq!(diff_ids(&gzip.1), diff_ids(&plain.1));
        for layer in &plain.1 {
            prop_assert_eq!(&layer.descriptor.digest, &layer.diff_id);
        }
        for (folder, layers) in [&gzip, &zstd] {
            let layout = Layout::create(folder.path()).unwrap();
            for layer in layers {
                let packed = layout.open(&layer.descriptor.digest).unwrap();
                let mut archive = Vec::new();
                if layer.descriptor.media_type.ends_with("gzip") {
                    flate2::read::GzDecoder::new(packed).read_to_end(&mut archive).unwrap();
                } else {
                    zstd::Decoder::new(packed).unwrap().read_to_end(&mut archive).unwrap();
                }
                prop_assert_eq!(seawall_oci::Digest::sha256(&archive), layer.diff_id.clone());
            }
        }
    }

    #[test]
    fn layers_together_hold_the_tree_and_each_path_once(pieces in pieces(), budget in 2usize..9) {
        let tree = fill(&pieces, None);
        let (folder, layers) = layers(&tree, &options(Compression::None, budget, 2));
        let layout = Layout::create(folder.path()).unwrap();
        let mut found = std::collections::BTreeSet::new();
        for layer in &layers {
            let mut before = None;
            let mut archive = tar::Archive::new(layout.open(&layer.descriptor.digest).unwrap());
            for entry in archive.entries().unwrap() {
                let mut entry = entry.unwrap();
                let path = TreePath::new(&entry.path().unwrap().to_string_lossy()).unwrap();
                prop_assert!(before.as_ref() < Some(&path), "in the order of paths, each once");
                before = Some(path.clone());
                let header = entry.header();
                prop_assert!(header.mtime().unwrap() <= 1_000_000_000);
                prop_assert_eq!(header.username().unwrap().unwrap_or_default(), "");
                let node = tree.get(&path).unwrap();
                prop_assert_eq!(header.mode().unwrap(), node.mode);
                prop_assert_eq!(header.uid().unwrap(), u64::from(node.uid));
                let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                if let Some(expected) = node.content() {
                    prop_assert_eq!(&content[..], &expected.read(1 << 20).unwrap()[..]);
                }
                if let seawall_image::Kind::Symlink(target) = &node.kind {
                    prop_assert_eq!(link.unwrap(), target.as_bytes());
                }
                let first = found.insert(path);
                prop_assert!(first || node.is_directory(), "a file lies in one layer");
            }
        }
        prop_assert_eq!(found.len(), tree.len());
    }
}

#[test]
fn names_that_are_long_or_linked_survive() {
    let mut tree = Tree::new();
    let long = format!("{}/{}", "folder-".repeat(20), "file-".repeat(40));
    let path = TreePath::new(&long).unwrap();
    let origin = Origin::Package("p".into());
    tree.put(&path, Node::file("x", origin.clone())).unwrap();
    let other = TreePath::new("0-first").unwrap();
    tree.link(&other, &path, &origin).unwrap();
    let target = "../".repeat(60);
    tree.put(
        &TreePath::new("link").unwrap(),
        Node::symlink(&target, origin),
    )
    .unwrap();
    let (folder, layers) = layers(&tree, &options(Compression::None, 1, 1));
    let layout = Layout::create(folder.path()).unwrap();
    let mut archive = tar::Archive::new(layout.open(&layers[0].descriptor.digest).unwrap());
    let entries: Vec<(String, tar::EntryType, Option<Vec<u8>>)> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
            (
                entry.path().unwrap().to_string_lossy().into_owned(),
                entry.header().entry_type(),
                link,
            )
        })
        .collect();
    assert_eq!(
        entries[0],
        ("0-first".to_owned(), tar::EntryType::Regular, None)
    );
    assert!(entries.contains(&(long, tar::EntryType::Link, Some(b"0-first".to_vec()))));
    let link = entries.iter().find(|(name, ..)| name == "link").unwrap();
    assert_eq!(link.2.as_deref(), Some(target.as_bytes()));
}

/// Writes an image of one layer and its archive, under whatever surroundings the caller set.
fn archive_of_an_image(folder: &std::path::Path) -> Vec<u8> {
    use seawall_oci::document::{Config, Execution, History, ImageManifest, RootFs};
    let mut tree = Tree::new();
    for (at, content) in ["one", "two"].into_iter().enumerate() {
        let path = TreePath::new(&format!("usr/share/{at}")).unwrap();
        tree.put(&path, Node::file(content, Origin::Definition))
            .unwrap();
    }
    let layout = Layout::create(folder).unwrap();
    let layers = write_layers(&tree, &options(Compression::Gzip, 1, 1), &layout, &|_| {}).unwrap();
    let created = Epoch::default().rfc3339();
    let config = Config {
        created: created.clone(),
        author: None,
        architecture: "amd64".to_owned(),
        variant: None,
        os: "linux".to_owned(),
        config: Execution::default(),
        rootfs: RootFs {
            kind: "layers",
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: vec![History {
            created,
            created_by: "test".to_owned(),
            comment: String::new(),
            empty_layer: false,
        }],
    };
    let config = layout
        .put_document(&config, seawall_oci::media_type::OCI_CONFIG)
        .unwrap();
    let manifest = ImageManifest::new(
        config,
        layers.into_iter().map(|layer| layer.descriptor).collect(),
    );
    let manifest = layout
        .put_document(&manifest, seawall_oci::media_type::OCI_MANIFEST)
        .unwrap();
    let index = Index::new(vec![manifest]);
    layout.write_index(&index).unwrap();
    assert_eq!(
        std::fs::read(folder.join("index.json")).unwrap(),
        to_bytes(&index)
    );
    let root = layout
        .put_document(&index, seawall_oci::media_type::OCI_INDEX)
        .unwrap();
    let mut archive = Vec::new();
    docker_archive::write(
        &layout,
        &root,
        &["registry.test/a/b:v1".to_owned()],
        &mut archive,
    )
    .unwrap();
    archive
}

#[test]
fn neither_umask_nor_zone_nor_language_change_the_archive() {
    const CHILD: &str = "SEAWALL_TEST_ARCHIVE_INTO";
    let folder = tempfile::tempdir().unwrap();
    if let Some(into) = std::env::var_os(CHILD) {
        std::fs::write(into, archive_of_an_image(&folder.path().join("layout"))).unwrap();
        return;
    }
    let here = archive_of_an_image(&folder.path().join("layout"));
    let into = folder.path().join("archive");
    let itself = std::env::current_exe().unwrap();
    let status = std::process::Command::new("sh")
        .args([
            "-c",
            "umask 077; exec \"$0\" neither_umask --test-threads 1",
            itself.to_str().unwrap(),
        ])
        .env("TZ", "Pacific/Chatham")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env(CHILD, &into)
        .current_dir("/")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert!(std::fs::read(&into).unwrap() == here, "bits differ");
    let names: Vec<String> = tar::Archive::new(&here[..])
        .entries()
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(
        names.len(),
        2 + 4 + 3,
        "two folders, index, manifest, config, layer, three documents: {names:?}"
    );
}
