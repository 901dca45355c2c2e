//! Packages: real ones of Debian, ones that tests make, and hostile ones. Judges are `dpkg`, `gpg` and `openssl`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alpine;
mod apk;
mod deb;
mod debian;
mod hostile;
mod lock;
mod mirror;
mod openpgp;
mod repository;
mod resolution;
mod signer;
mod version;

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
