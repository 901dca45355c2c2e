//! Debian's packages: their files (`package.rs`), where they come from (`repository.rs`), and which it
//! takes (`resolve.rs`).

pub mod control;
pub mod index;
mod package;
pub mod relation;
pub mod release;
pub mod repository;
pub mod resolve;
pub mod version;

pub(crate) use package::origin;
pub use package::{DebError, read};
