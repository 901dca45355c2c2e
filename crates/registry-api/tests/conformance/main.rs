//! Conformance: what the OCI distribution specification asks of a registry, in our own words, and what
//! Harbor adds to it, asked over HTTP of the real program.
//!
//! Each API line (`blobs.rs`, `uploads.rs`, `mounts.rs`, `manifests.rs`, `tags.rs`, `base.rs`, `tokens.rs`) and each kind of
//! data through its whole life (`kinds.rs`); who may call what (`access.rs`), and what is written down of it (`audit.rs`).
//! `replicas.rs` asks the same of two replicas.
//! Source: OCI distribution-spec 1.1 with the additions of its development branch (tag parameters, upload
//! cancellation, required digest headers).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::doc_markdown)]

mod access;
mod audit;
mod base;
mod blobs;
mod client;
mod content;
mod kinds;
mod manifests;
mod mounts;
mod server;
mod tags;
mod tokens;
mod uploads;
