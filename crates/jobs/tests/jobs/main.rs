//! What the job engine promises: every store by the conformance suite, and the engine on top.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engine;
mod faults;
mod measures;
mod originals;
mod receiver;
mod statements;
mod stores;
