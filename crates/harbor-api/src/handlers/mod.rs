//! What answers each operation: a file for each noun, as the API groups them.

pub mod artifacts;
pub mod audit_logs;
pub mod executions;
pub mod gc;
pub mod health;
pub mod jobservice;
pub mod members;
pub mod metadata;
pub mod permissions;
pub mod projects;
pub mod purge;
pub mod quotas;
pub mod repositories;
pub mod robots;
pub mod scans;
pub mod schedules;
pub mod search;
pub mod statistics;
pub mod system;
pub mod tags;
pub mod users;
