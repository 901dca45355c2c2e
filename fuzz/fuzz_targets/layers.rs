//! Layers: a hostile archive is refused, or makes a tree whose paths and links stay inside.
#![no_main]

use std::io::Write as _;

use libfuzzer_sys::fuzz_target;
use seawall_image_source::{Limits, Slice, tree_of_layer};

fuzz_target!(|bytes: &[u8]| {
    // A checksum is met by chance once in a lifetime: it is put right in every block, so that what
    // lies behind it is reached.
    let mut archive = bytes.to_vec();
    for block in archive.chunks_exact_mut(512) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    for archive in [bytes, &archive] {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(archive).expect("a temporary file");
        let slice = Slice::whole(file).expect("a temporary file");
        let Ok((tree, _)) = tree_of_layer(&slice, &Limits::default()) else {
            continue;
        };
        for (path, node) in tree.iter() {
            assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".." && part != "."));
            if let Some(content) = node.content() {
                assert!(content.length() <= archive.len() as u64);
            }
            if let Ok((real, _)) = tree.resolve(path) {
                assert!(tree.get(&real).is_some());
            }
        }
    }
});
