//! Collection, the trash and scrubs on both engines, on local files and on S3. What a
//! room above would say of blobs is a table of the tests (`stage.rs`).

#![allow(clippy::unwrap_used)]

mod crashes;
#[allow(dead_code)]
#[path = "../uploads/house.rs"]
mod house;
mod phases;
mod replicas;
mod scrubs;
mod stage;
