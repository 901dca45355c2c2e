//! What executions, tasks and schedules promise, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod executions;
mod interleaving;
mod lost_queue;
mod lost_redis;
mod queues;
mod schedules;
mod statements;
mod world;
