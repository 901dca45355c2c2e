//! Which blobs a repository shows: the links from repositories to the content room's blobs.
//!
//! A blob is served from a repository only if it is linked there: by an upload, a
//! mount, or a copy. Bytes, leases and uploads are in `seawall-content`.

mod delete;
mod get;
mod link;
mod mount;
pub(crate) mod store;

pub use mount::Mount;
