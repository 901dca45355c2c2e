//! The words of OCI registries: digests, names, tags, references, media types,
//! ranges, a lenient view of manifests, and the documents that we write ourselves.
//!
//! Pure: no I/O, no HTTP. Raw strings stop here; each type's constructor is the
//! only way in. Sources: OCI distribution-spec 1.1, OCI image-spec 1.1, and the
//! grammar of the CNCF distribution project for names.

mod digest;
pub mod document;
mod hasher;
pub mod manifest;
pub mod media_type;
mod name;
mod range;

pub use digest::{Algorithm, Digest, DigestError};
pub use hasher::{Hasher, HasherStateError};
pub use manifest::{Descriptor, Manifest, ManifestError, ManifestKind, Platform};
pub use name::{NameError, Reference, RepositoryName, Tag};
pub use range::{ByteRange, ChunkRange, RangeError, parse_byte_range};

/// The largest manifest that is taken, in bytes: 4 MiB, as the distribution spec asks for at least.
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;
