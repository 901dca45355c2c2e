//! Debian's packages: their description (`control.rs`) and their files (`package.rs`).

pub mod control;
mod package;

pub use package::{DebError, read};
