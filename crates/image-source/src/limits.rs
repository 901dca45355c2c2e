//! How much of an image is read before it is refused.

/// The most that is taken of an image. What is more is refused, never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all blobs of one image, as they are transferred.
    pub blob_bytes: u64,
    /// Bytes of all layers, unpacked; so much room is needed in the folder for temporary files.
    pub unpacked_bytes: u64,
    /// How many times its packed size a layer may have unpacked, once it has more than
    /// [`Limits::ratio_from_bytes`]. Text packs a hundred to one at most; zeros a thousand to one.
    pub ratio: u64,
    /// From how many unpacked bytes on the ratio counts.
    pub ratio_from_bytes: u64,
    /// Layers; container runtimes stop far below.
    pub layers: usize,
    /// Entries of all layers.
    pub entries: usize,
    /// Bytes of all names: paths, what links say, extended attributes. They are held in memory.
    pub names_bytes: u64,
    /// Bytes of one path, as Linux takes them.
    pub path_bytes: usize,
    /// Folders in one another.
    pub depth: usize,
    /// Bytes of a config, of an index of a layout, and of the like.
    pub document_bytes: usize,
    /// Bytes of one signature, SBOM or provenance.
    pub referrer_bytes: u64,
    /// Bytes of all of them together. They are held in memory.
    pub referrers_bytes: u64,
    /// Manifests that refer to the image, and that an index names.
    pub manifests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            blob_bytes: 16 << 30,
            unpacked_bytes: 32 << 30,
            ratio: 200,
            ratio_from_bytes: 256 << 20,
            layers: 512,
            entries: 2_000_000,
            names_bytes: 512 << 20,
            path_bytes: 4096,
            depth: 128,
            document_bytes: 8 << 20,
            referrer_bytes: 64 << 20,
            referrers_bytes: 256 << 20,
            manifests: 1000,
        }
    }
}
