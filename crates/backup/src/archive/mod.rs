//! The archive of a backup: a gzipped tar with every item as JSON, twice.
//!
//! [`Writer`] streams items in; [`Reader`] streams entries out and trusts nothing that it reads: not
//! the paths, not the sizes, not that it ever ends. [`Catalogue`] is what an archive holds, by
//! resource and namespace. Source: Velero 1.18.3 `pkg/archive`, `pkg/backup/item_backupper.go`.

mod catalogue;
mod header;
mod path;
mod reader;
mod writer;

pub use catalogue::{Catalogue, Versions};
pub use path::{EntryPath, ItemPath};
pub use reader::{ArchiveError, Entry, Limits, Reader};
pub use writer::{Item, Writer};

/// Version of the format that we write; that we read is this and `1.0`, which has no folders of
/// versions.
pub const FORMAT_VERSION: &str = "1.1.0";
