//! What is read all the same, though an honest builder does not make it.

use seawall_oci::Digest;

use crate::Packing;

/// Something that is odd, but does not keep the image from being looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Irregularity {
    /// A layer has a path twice; the last one counts.
    Duplicate {
        /// Which layer, from the bottom, counted from 0.
        layer: usize,
        /// Which path.
        path: String,
    },
    /// Bytes follow the end of a layer's archive, where nobody looks.
    HiddenBytes {
        /// Which layer.
        layer: usize,
    },
    /// The config names another digest for a layer's content than it has, or none.
    DiffId {
        /// Which layer.
        layer: usize,
        /// What the config says.
        declared: Option<Digest>,
        /// What it is.
        found: Digest,
    },
    /// A layer's media type says another packing than its bytes.
    Packing {
        /// Which layer.
        layer: usize,
        /// What the manifest says.
        media_type: String,
        /// What it is.
        found: Packing,
    },
    /// The config names more layers than there are.
    MissingLayers {
        /// What the config says.
        declared: usize,
        /// How many there are.
        found: usize,
    },
}
