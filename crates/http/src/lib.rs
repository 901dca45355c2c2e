//! Serving HTTP: an accept loop of our own under hyper, with TLS that reloads, time-outs, caps, drain and file bodies that
//! leave by `sendfile`.
//!
//! It knows no route and no noun: a surface hands in an `axum::Router`. What it learned about a request stands in the
//! request's extensions ([`ClientAddress`], [`RequestId`], [`Origin`]). A connection reads top to bottom in `server.rs`
//! (accept), `connection.rs` (drive), `service.rs` (one request), `stream.rs` (bytes).

mod activity;
mod admission;
mod buffers;
mod connection;
mod file_body;
mod metrics;
mod page_cache;
mod proxies;
mod request;
mod request_body;
mod response_body;
mod send_queue;
mod server;
mod service;
mod signals;
mod stream;
mod tls;

pub use file_body::file_body;
pub use metrics::HttpMetrics;
pub use request::{ClientAddress, Origin, RequestId};
pub use server::{Server, ServerSettings, Shutdown};
