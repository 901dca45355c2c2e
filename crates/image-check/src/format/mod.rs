//! A report as text: a table for people, JSON, SARIF for code hosts, `JUnit` for build servers.

mod attestation;
mod json;
mod junit;
mod sarif;
mod table;

pub use attestation::attestation;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use table::table;
