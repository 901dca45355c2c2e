//! Definitions of hardened images, in the YAML format of Docker Hardened Images.
//!
//! It reads and judges texts; it fetches nothing and builds nothing. Start with `definition.rs`
//! ([`Definition::parse`]); what a build cannot do is named by `unbuildable.rs`; what is put in the
//! place of what cannot be reached is `substitutions.rs`.

#![expect(
    clippy::unnecessary_wraps,
    reason = "what reads a part has one signature, whether or not it can do without the part"
)]

mod accounts;
mod architecture;
mod build;
mod contents;
mod definition;
mod file;
mod node;
mod os_release;
mod package;
mod path;
mod problem;
mod reader;
mod repository;
pub mod substitutions;
mod syntax;
mod test;
mod track;
mod unbuildable;
mod variables;

pub use accounts::{Accounts, Group, User};
pub use architecture::Architecture;
pub use build::{Attestation, Build, Cache, Matrix, Output, Secret, Sharing, Step};
pub use contents::{Artifact, Contents};
pub use definition::{Compression, Dates, Definition, Entitlement, Layering, Variant};
pub use file::{FileSource, RemoteFile, Spdx, SpdxPackage};
pub use os_release::OsRelease;
pub use package::{Exclusion, PackageLine, PackageRequest};
pub use path::{PathChange, PathKind};
pub use problem::{Place, Problem, Problems};
pub use repository::{ApkRepository, DebRepository, Repository};
pub use syntax::Distribution;
pub use test::ImageTest;
pub use track::{Selection, Track, TrackKind, TrackSet, TrackValue, TrackVariable};
pub use unbuildable::Unbuildable;
