//! Real peers for tests, started on free ports and stopped on drop.
//!
//! What it is: [`Postgres`] (one cluster for each test process, a fresh
//! database for each test), later S3, a fault proxy, Docker and Seawall itself.
//! What it is not: no mock, and no part of the product; only tests depend on it.
//! Where to look next: `databases` for tests that run on both engines.
//!
//! Everything here panics with a message when a peer does not start: a test
//! that lacks its peer has failed, and nothing sensible can be done about it.
#![allow(clippy::missing_panics_doc, clippy::expect_used, clippy::unwrap_used)]

mod database;
mod postgres;
mod process;

pub use database::{TestDatabase, TestEngine, databases, postgres, sqlite};
pub use postgres::{Postgres, PostgresDatabase};
pub use process::{Process, free_port, wait_until};
