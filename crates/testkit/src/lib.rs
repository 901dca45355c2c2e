//! Real peers for tests, started on free ports and stopped on drop.
//!
//! What it is:
//!
//! | peer | what it runs |
//! |---|---|
//! | [`Seawall`] | the built `seawall` program, as a user starts it |
//! | [`JobService`] | the built `harbor-jobservice` program |
//! | [`HarborCore`] | a stand-in for Harbor's core, as a job service meets it |
//! | [`Postgres`] | one PostgreSQL cluster for each test process, fresh databases in it |
//! | [`Redis`] | a Redis server that can be killed, with its data or without |
//! | [`S3`], [`Moto`] | two independent S3 servers |
//! | [`FaultProxy`] | a TCP proxy that delays, cuts, resets, hangs, refuses or answers 5xx |
//! | [`Dockerd`] | a Docker engine of its own, without networks |
//! | [`Network`] | a network namespace, where well-known ports are free, perhaps with a [`Cable`] into it |
//!
//! What it is not: no mock, and no part of the product; only tests depend on it.
//! Where to look next: [`databases`] for tests that run on both engines; `tool`
//! for the client programs that `cargo xtask setup` installs.
//!
//! Everything here panics with a message when a peer does not start: a test
//! that lacks its peer has failed, and nothing sensible can be done about it.
#![allow(clippy::missing_panics_doc, clippy::expect_used, clippy::unwrap_used)]

mod database;
mod dockerd;
mod fault_proxy;
mod harbor_core;
mod job_service;
mod moto;
mod network;
mod postgres;
mod process;
mod redis;
mod s3;
mod seawall;
mod seed;
mod workspace;

pub use database::{TestDatabase, TestEngine, databases, postgres, sqlite};
pub use dockerd::Dockerd;
pub use fault_proxy::{Fault, FaultProxy};
pub use harbor_core::{CoreTls, HarborCore, Hook, HookFault};
pub use job_service::{JobService, JobServiceOptions};
pub use moto::Moto;
pub use network::{Cable, Network};
pub use postgres::{Postgres, PostgresDatabase};
pub use process::{Process, free_port, wait_until};
pub use redis::Redis;
pub use s3::S3;
pub use seawall::{Seawall, SeawallOptions};
pub use seed::seed;
pub use workspace::{full, job_service_program, rounds, seawall_program, tool, workspace_folder};
