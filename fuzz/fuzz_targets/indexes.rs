//! What repositories say: release documents, indexes, control paragraphs, versions, relations, keys and
//! signatures, of Debian and of Alpine; and lock files.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use seawall_packages::deb::{control, index, relation, release, version::Version};
use seawall_packages::openpgp::{Keyring, verify};
use seawall_packages::{Limits, Lock, apk};

fuzz_target!(|input: (&[u8], &str, &str)| {
    let (bytes, text, other) = input;
    let limits = Limits {
        unpacked_index_bytes: 1 << 20,
        ..Limits::default()
    };
    if let (Some(one), Some(other)) = (Version::parse(text), Version::parse(other)) {
        assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
        assert_eq!(one.cmp(&one), Ordering::Equal);
    }
    if let (Some(one), Some(other)) = (
        apk::version::Version::parse(text),
        apk::version::Version::parse(other),
    ) {
        assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
    }
    let _ = control::paragraph(text);
    let _ = relation::parse(text);
    let _ = apk::relation::parse(text);
    let _ = apk::index::read(text, &limits);
    let _ = release::Release::parse(text, "stable", true, 0);
    for name in ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"] {
        let _ = index::read(name, bytes, &limits);
    }
    let keyring = Keyring::parse(bytes).unwrap_or_default();
    assert!(verify(text, &keyring, 0).is_err());
    if let Ok(lock) = Lock::parse(bytes) {
        let written = lock.to_text().expect("a lock is written");
        assert_eq!(Lock::parse(written.as_bytes()).ok(), Some(lock));
    }
});
