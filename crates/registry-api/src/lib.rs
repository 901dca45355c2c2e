//! The distribution surface: the OCI API under `/v2` and the token service.
//!
//! A request becomes one [`operation::Operation`], is authorised after the line of its
//! [`endpoint::Endpoint`], and answered by one call into the domain: a file per noun.
//! No SQL, no policy and no storage here. `router.rs` reads top to bottom what happens to a
//! request; errors become HTTP in `error.rs` and `failure.rs`, and nowhere else.

mod address;
mod authorise;
mod base;
mod blobs;
mod call;
mod caller;
mod catalog;
pub mod challenge;
mod conditional;
pub mod endpoint;
pub mod error;
mod failure;
mod headers;
mod json;
mod manifests;
mod mounts;
pub mod operation;
pub mod page;
pub mod query;
mod referrers;
mod refusal;
mod router;
pub mod scope;
mod settings;
mod tags;
mod token;
mod uploads;

use seawall_content::Content;
use seawall_events::Audit;
use seawall_identity::Identity;
use seawall_registry::Registry;

pub use router::router;
pub use settings::RegistryApiSettings;

/// The rooms that this surface calls, and its settings. Cheap to clone.
#[derive(Clone)]
pub struct RegistryApi {
    /// Blobs and uploads.
    pub content: Content,
    /// Projects, repositories, manifests, tags.
    pub registry: Registry,
    /// Who asks, and what they may do.
    pub identity: Identity,
    /// For refused attempts.
    pub audit: Audit,
    /// What the deployment chose.
    pub settings: RegistryApiSettings,
}
