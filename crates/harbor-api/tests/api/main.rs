//! The API over HTTP: every operation that is there, on a real server with real rooms below it.
//!
//! One file for each noun of `src/handlers`; `access.rs` walks every operation with every caller; `support/` starts the
//! server and knows how to ask it.

#![allow(clippy::unwrap_used)]

mod access;
mod artifacts;
mod audit_logs;
mod conventions;
mod gc;
mod jobservice;
mod members;
mod metadata;
mod paging;
mod projects;
mod purge;
mod quotas;
mod repositories;
mod robots;
mod scans;
mod shapes;
mod support;
mod system;
mod tags;
mod users;
