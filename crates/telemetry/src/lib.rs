//! Logs, traces and metrics: set up once by the program, used through `tracing` and [`Registry`] everywhere else.
//!
//! Start at [`start`] (`setup.rs`); `request.rs` makes the span that every other span of a request hangs under.

mod errors;
mod log_writer;
mod process;
mod request;
mod setup;
mod traces;

pub use errors::chain;
pub use process::ProcessCollector;
pub use prometheus_client::registry::Registry;
pub use request::{record_response, request_span};
pub use setup::{LogFormat, Telemetry, TelemetryError, TelemetrySettings, start};
