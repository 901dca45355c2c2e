//! The cases of `main.rs`, asked of two replicas in turn; `server.rs` knows by the name of this target.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::doc_markdown)]

#[path = "main.rs"]
mod conformance;
