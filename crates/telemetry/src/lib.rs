//! Logs, traces and metrics.

pub use prometheus_client::registry::Registry;
