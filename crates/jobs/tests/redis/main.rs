//! The store on Redis beyond what every store must show: Harbor's layout byte for byte, foreign
//! bytes, the death of Redis, and pools of the original's engine beside ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines
)]

mod conformance;
mod foreign;
mod layout;
mod loss;
mod mixed;
mod servers;
mod stop;
mod support;
