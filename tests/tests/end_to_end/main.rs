//! End-to-end tests: the built program, real clients, real faults.
//!
//! | module | what it shows |
//! |---|---|
//! | `clients` | docker, BuildKit, podman, buildah, skopeo, crane, regctl, helm and cosign push and pull |
//! | `deploy` | the chart and the unit of deploy/ are taken, and render settings that the programs take |
//! | `nothing_lost` | kill -9, power loss, a full disk, a failing database, a failing S3, clients that hang up |
//! | `replicas` | several servers on one PostgreSQL and one S3 agree |
//! | `parallel` | many pushes at once are all answered and counted exactly |
//! | `jobs_cut_off` | a server that is killed, or whose database restarts, ends every collection once |
//! | `jobs_on_redis` | a Redis that is down or has lost its data delays jobs, and nothing else |
//! | `documents` | the code blocks of README and docs do what they say |
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod clients;
mod deploy;
mod documents;
mod jobs_cut_off;
mod jobs_on_redis;
mod nothing_lost;
mod parallel;
mod replicas;
