//! Packages: real ones that dpkg builds, and hostile ones.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod deb;
mod lock;
