//! What the end-to-end tests share: images made in memory, and a plain client.
//!
//! The tests themselves are in `tests/end_to_end`, one folder or file a topic.
//! They start the built `seawall` program (see `seawall_testkit::Seawall`) and
//! talk to it from outside only.
#![allow(clippy::missing_panics_doc, clippy::expect_used, clippy::unwrap_used)]

mod api;
mod image;
mod tar;

pub use api::{Api, Failure};
pub use image::{Blob, Image, OCI_INDEX, OCI_MANIFEST, digest_of, index_of, noise, write_layout};
pub use tar::tar;
