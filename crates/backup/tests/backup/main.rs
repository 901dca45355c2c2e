//! What the crate promises, room by room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test builds on is there, or the test fails"
)]

mod api;
mod duration;
mod go_json;
mod time;
