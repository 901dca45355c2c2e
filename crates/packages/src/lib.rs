//! Packages of Debian and Alpine: what they hold, and where they come from.
//!
//! It does not know images: which files of a package go into one, and how, is decided by whoever
//! builds. Start with `package.rs` (what a package is once it was read), `deb/package.rs` (how a
//! `.deb` is read), `resolve.rs` (from a definition's wishes to a lock file and back to packages) and
//! `lock.rs` (which packages an image is made of).

pub mod apk;
mod archive;
mod cache;
mod date;
pub mod deb;
mod entry;
mod fetch;
mod limits;
pub mod lock;
pub mod openpgp;
mod package;
mod resolve;
mod unresolved;

pub use archive::ArchiveError;
pub use cache::{Cache, CacheError};
pub use deb::repository::{Reach, RepositoryError};
pub use entry::{Entry, EntryKind};
pub use fetch::{Fetch, FetchError, Fetcher, Offline};
pub use limits::Limits;
pub use lock::Lock;
pub use package::{Checksum, ChecksumAlgorithm, Format, Origin, Package};
pub use resolve::{ResolveError, packages, resolve};
pub use unresolved::Unresolved;
