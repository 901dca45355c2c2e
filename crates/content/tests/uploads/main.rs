//! Uploads and blobs on both engines, on local files and on S3. The places are
//! made in `house.rs`; each test names what it promises.

#![allow(clippy::unwrap_used)]

mod blobs;
mod chunks;
mod faults;
mod house;
mod recovery;
mod replicas;
