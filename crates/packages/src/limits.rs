//! How large the things of strangers may be. What is larger is refused before it is held in memory.

/// The limits of one reading. The defaults let every package of Debian's main section through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a package file as it is downloaded.
    pub package_bytes: u64,
    /// Bytes of a package's files, unpacked, with the archive's own headers.
    pub unpacked_bytes: u64,
    /// Bytes of a package's description: its control archive, unpacked.
    pub control_bytes: u64,
    /// Files, folders and links in a package.
    pub entries: usize,
    /// Bytes of a repository's index as it is downloaded.
    pub index_bytes: u64,
    /// Bytes of a repository's index, unpacked.
    pub unpacked_index_bytes: u64,
    /// Packages in a repository's index.
    pub index_packages: usize,
    /// Bytes of a signed release document or of a key file.
    pub release_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MEBIBYTE: u64 = 1 << 20;
        Self {
            package_bytes: 1024 * MEBIBYTE,
            unpacked_bytes: 2048 * MEBIBYTE,
            control_bytes: 32 * MEBIBYTE,
            entries: 500_000,
            index_bytes: 64 * MEBIBYTE,
            unpacked_index_bytes: 256 * MEBIBYTE,
            index_packages: 300_000,
            release_bytes: 4 * MEBIBYTE,
        }
    }
}
