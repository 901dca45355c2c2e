//! What the crate promises, room by room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test builds on is there, or the test fails"
)]

mod api;
mod archive;
mod duration;
mod filter;
mod go_json;
mod log;
mod store;
mod time;
