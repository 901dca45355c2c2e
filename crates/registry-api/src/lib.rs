//! The distribution surface: the OCI API under `/v2` and the token service.
//!
//! A request becomes one [`operation::Operation`], is authorised after the line of its
//! [`endpoint::Endpoint`], and answered by one call into the domain: a file per noun.
//! No SQL, no policy and no storage here. Errors become HTTP in `error.rs`, and nowhere else.

pub mod accept;
pub mod challenge;
pub mod endpoint;
pub mod error;
#[expect(dead_code, reason = "the handlers follow")]
mod headers;
pub mod operation;
pub mod page;
pub mod query;
pub mod scope;
