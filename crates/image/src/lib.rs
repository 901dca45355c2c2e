//! Container images, built without a daemon, without root, and the same bits every time.
//!
//! A [`Tree`] is the root file system to be; [`layer::write_layers`] cuts it into layers;
//! `seawall_oci::document` has the JSON around them; a [`Layout`] holds the blobs and
//! [`docker_archive`] makes one file of it. Nothing here fetches, signs or checks: see
//! `seawall-packages`, `seawall-signing` and `seawall-image-check`.

pub mod docker_archive;
mod epoch;
pub mod layer;
mod layout;
mod path;
mod tree;

pub use epoch::{Epoch, EpochError};
pub use layout::{BlobWriter, Layout, LayoutError};
pub use path::{PathError, TreePath};
pub use tree::{Content, Kind, Node, Origin, Tree, TreeError};
