//! Serving HTTP: an accept loop of our own under hyper, with TLS that reloads, time-outs, caps, drain and file bodies that
//! leave by `sendfile`.
//!
//! It knows no route and no noun: a surface hands in an `axum::Router`. What it learned about a request stands in the
//! request's extensions ([`ClientAddress`], [`RequestId`], [`Origin`]). Start at `server.rs`, then `service.rs`.

mod file_body;
mod request;
mod server;

pub use file_body::file_body;
pub use request::{ClientAddress, Origin, RequestId};
pub use server::{Server, ServerSettings, Shutdown};
