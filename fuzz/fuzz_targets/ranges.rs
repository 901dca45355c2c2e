//! Ranges of downloads and of upload chunks: none leaves its content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_oci::{ChunkRange, parse_byte_range};

fuzz_target!(|input: (u64, &str)| {
    let (size, header) = input;
    if let Ok(Some(range)) = parse_byte_range(header, size) {
        assert!(range.length > 0);
        assert!(range.start.checked_add(range.length).is_some_and(|end| end <= size));
    }
    if let Ok(chunk) = ChunkRange::parse(header) {
        assert!(chunk.start <= chunk.end && chunk.length() > 0);
    }
});
