//! The content of a registry: uploads that may be resumed on any replica, blobs
//! named by their digests, and the leases that keep new blobs from collection.
//!
//! Knows no project, no repository and no user: an upload's `scope` is an opaque
//! text, and what links a blob to a repository is a closure that runs in the
//! transaction that makes the blob ([`LinkBlob`]). Where the bytes lie is
//! `seawall-storage`.
//!
//! Start at [`Content`]; an upload's life is `upload/`, how blobs end [`collection`], the
//! SQL `store.rs`.

mod blob;
pub mod collection;
mod content;
mod error;
mod recovery;
mod settings;
mod store;
mod upload;

pub use blob::{Blob, Leased, prolong};
pub use content::Content;
pub use error::{ContentError, LinkError};
pub use recovery::RecoveryReport;
pub use settings::ContentSettings;
pub use store::statements;
pub use upload::{BodyError, BodyStream, Chunk, InvalidUploadId, LinkBlob, Progress, UploadId};

use seawall_database::Migration;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "content/0001_blobs_and_uploads",
        sql: include_str!("../migrations/0001_blobs_and_uploads.sql"),
    },
    Migration {
        name: "content/0002_collection",
        sql: include_str!("../migrations/0002_collection.sql"),
    },
];
