//! What executions, tasks and schedules promise, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod statements;
