//! Alpine's packages, version 2 of their format: their files (`package.rs`), where they come from
//! (`repository.rs`), and which it takes (`resolve.rs`).
//!
//! Index and package are gzip members one after the other (`segments.rs`), the first of which signs
//! the second; in a package the second holds the digest of the third.

pub mod index;
mod package;
pub mod relation;
pub mod repository;
pub mod resolve;
mod segments;
mod signature;
pub mod version;

pub use package::{ApkError, read};
pub use repository::{ApkRepositoryError, OpenApkRepository};
pub use signature::{ApkKey, ApkSignatureError};
