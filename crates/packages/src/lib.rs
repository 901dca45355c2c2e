//! Packages of Debian and Alpine: what they hold, and where they come from.
//!
//! It does not know images: which files of a package go into one, and how, is decided by whoever
//! builds. Start with `package.rs` (what a package is once it was read), `deb/package.rs` (how a
//! `.deb` is read) and `lock.rs` (which packages an image is made of).

mod archive;
pub mod deb;
mod entry;
mod limits;
pub mod lock;
mod package;

pub use archive::ArchiveError;
pub use entry::{Entry, EntryKind};
pub use limits::Limits;
pub use lock::Lock;
pub use package::{Checksum, ChecksumAlgorithm, Format, Origin, Package};
