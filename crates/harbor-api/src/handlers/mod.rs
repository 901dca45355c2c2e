//! What answers each operation: a file for each noun, as the API groups them.

pub mod artifacts;
pub mod audit_logs;
pub mod health;
pub mod members;
pub mod metadata;
pub mod permissions;
pub mod projects;
pub mod quotas;
pub mod repositories;
pub mod robots;
pub mod scans;
pub mod search;
pub mod statistics;
pub mod system;
pub mod tags;
pub mod users;
