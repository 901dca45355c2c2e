//! Harbor's REST API v2.0 (`/api/v2.0/…`, `/api/version`): thin handlers over the registry and the identities.
//!
//! A handler extracts what the request holds, works with the permit that the operation's access asked for, makes one call of
//! the rooms below and shows the result in Harbor's shape. What is not here: rules of the domain (`seawall-registry`,
//! `seawall-identity`), SQL, and the registry protocol (`seawall-registry-api`).
//!
//! Where to look: `operations/` has every operation with its path and access in one table, `dispatch.rs` the way that every
//! request goes, `access.rs` who may call, `handlers/` a file for each noun, `models/` its JSON, `error/` the statuses.

mod access;
mod body;
mod call;
mod dispatch;
mod error;
mod handlers;
#[cfg(test)]
mod hostile;
pub mod models;
mod names;
mod operations;
mod paging;
mod query;
mod refused;
mod respond;
mod settings;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};
use seawall_database::Database;
use seawall_events::Audit;
use seawall_identity::Identity;
use seawall_maintenance::Maintenance;
use seawall_registry::Registry;

pub use dispatch::{OperationId, PREFIX};
pub use handlers::health::HealthCheck;
pub use settings::HarborApiSettings;

/// The rooms below that the operations use, and what the deployment chose.
pub struct HarborApi {
    /// Users, robots, members, permits.
    pub identity: Identity,
    /// Projects, repositories, artifacts, tags, quotas.
    pub registry: Registry,
    /// Collections, purges, schedules, jobs.
    pub maintenance: Maintenance,
    /// Where refused attempts are recorded.
    pub audit: Audit,
    /// For reading the audit log.
    pub database: Database,
    /// What `GET /health` looks at.
    health_checks: handlers::health::HealthChecks,
    /// What the deployment chose.
    pub settings: HarborApiSettings,
    /// Where each operation is.
    routes: operations::Routes,
}

impl HarborApi {
    /// The API over these rooms.
    pub fn new(
        identity: Identity,
        registry: Registry,
        maintenance: Maintenance,
        audit: Audit,
        database: Database,
        health_checks: Vec<HealthCheck>,
        settings: HarborApiSettings,
    ) -> Self {
        let routes = operations::Routes::new(operations::all());
        Self {
            identity,
            registry,
            maintenance,
            audit,
            database,
            health_checks: handlers::health::HealthChecks::new(health_checks),
            settings,
            routes,
        }
    }
}

impl fmt::Debug for HarborApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HarborApi").finish_non_exhaustive()
    }
}

/// The names of all operations, for tests that must not miss one.
pub fn operation_ids() -> impl Iterator<Item = &'static str> {
    operations::all().map(|operation| operation.id)
}

/// The routes of the API.
pub fn router(api: HarborApi) -> Router {
    Router::new()
        .route(
            "/api/version",
            get(handlers::system::version).fallback(handlers::system::version_only_read),
        )
        .route(PREFIX, any(dispatch::dispatch))
        .route("/api/v2.0/", any(dispatch::dispatch))
        .route("/api/v2.0/{*path}", any(dispatch::dispatch))
        .with_state(Arc::new(api))
}
