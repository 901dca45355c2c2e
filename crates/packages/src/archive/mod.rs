//! The containers that packages come in: `ar`, `tar`, and what compresses them. Read from memory,
//! under limits; never written, never unpacked to disk.

pub(crate) mod ar;
pub(crate) mod compression;
pub(crate) mod tar;

/// Why an archive was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It does not follow its format.
    #[error("the {format} archive is broken: {problem}")]
    Broken {
        /// `ar`, `tar`, `gzip`, `xz` or `zstd`.
        format: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// It is larger than it may be once it is unpacked.
    #[error("it unpacks to more than the {limit} bytes that it may have")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It has more entries than it may.
    #[error("it has more than the {limit} entries that it may have")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// An entry cannot be part of a package.
    #[error("its entry {path:?} {problem}")]
    Entry {
        /// The entry as the archive names it.
        path: String,
        /// What is wrong with it, as a predicate.
        problem: String,
    },
}

impl ArchiveError {
    pub(crate) fn broken(format: &'static str, problem: impl Into<String>) -> Self {
        Self::Broken {
            format,
            problem: problem.into(),
        }
    }
}
