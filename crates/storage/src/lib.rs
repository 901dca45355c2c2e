//! Where blobs' bytes lie: one trait, [`BlobStorage`], and its two
//! implementations, a local folder (`local/`) and an S3-compatible object store
//! (`s3/`).
//!
//! What exists is not decided here: the database is the truth about that, and
//! `seawall-content` keeps it. This crate only moves bytes, and promises that
//! what it called published is whole and survives a crash.
//! The trait's contract stands in `blob_storage.rs`; `tests/contract/` checks it
//! on every implementation.

mod blob_storage;
mod body;
mod error;
mod local;
mod location;
mod s3;
mod settings;
mod upload_state;

pub use blob_storage::{BlobStorage, Delivery, Durability, StoredBlob, SweepReport, UploadWriter};
pub use body::{BlobBody, ByteStream, FileRange};
pub use error::StorageError;
pub use local::LocalStorage;
pub use location::{InvalidLocation, Location};
pub use s3::S3Storage;
pub use settings::{LocalSettings, S3Settings, Secret, StorageKind, StorageSettings, open};
pub use upload_state::{UploadPlace, UploadState};
