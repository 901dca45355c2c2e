//! Container images, built without a daemon, without root, and the same bits every time.
//!
//! A [`Tree`] is the root file system to be; [`layer::write_layers`] cuts it into layers;
//! `seawall_oci::document` has the JSON around them; a [`Layout`] holds the blobs and
//! [`docker_archive`] makes one file of it. Nothing here fetches, signs or checks: see
//! `seawall-packages`, `seawall-signing` and `seawall-image-check`.

mod assemble;
pub mod attestation;
mod build;
pub mod docker_archive;
mod document;
mod elf;
mod epoch;
mod from_definition;
pub mod layer;
mod layout;
mod path;
pub mod provenance;
pub mod recipe;
pub mod sbom;
mod tree;

pub use assemble::{AssembleError, Assembled, LeftOut, assemble};
pub use build::{BuildError, Built, BuiltImage, Machine, Request, Summary, build};
pub use document::DocumentError;
pub use elf::{ElfError, Program};
pub use epoch::{Epoch, EpochError};
pub use from_definition::{RecipeError, generic_purl, recipe as recipe_of};
pub use layout::{BlobWriter, Layout, LayoutError};
pub use path::{PathError, TreePath};
pub use tree::{Content, Kind, Node, Origin, Tree, TreeError};
