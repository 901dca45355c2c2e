//! Files of packages, `.deb` and `.apk`, and the archives in them: nothing that was read leads outside the
//! root, and nothing is larger than its limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_packages::{Limits, Package, apk, deb};

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        unpacked_bytes: 1 << 20,
        control_bytes: 1 << 18,
        entries: 1000,
        ..Limits::default()
    };
    let file = bytes::Bytes::copy_from_slice(input);
    let read: [Option<Package>; 2] = [
        deb::read(&file, &limits).ok(),
        apk::read(&file, &limits).ok(),
    ];
    for package in read.into_iter().flatten() {
        assert!(package.files.len() <= limits.entries);
        for entry in &package.files {
            assert!(
                entry
                    .path
                    .split('/')
                    .all(|part| !matches!(part, "" | "." | ".."))
            );
            assert!(entry.mode <= 0o7777);
        }
    }
});
