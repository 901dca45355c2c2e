//! What the job engine promises: every store by the conformance suite, and the engine on top.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engine;
mod faults;
mod measures;
mod receiver;
mod statements;
mod stores;
