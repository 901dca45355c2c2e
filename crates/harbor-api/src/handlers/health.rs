//! `GET /health` and `GET /ping`: for people and monitors. Whether to route traffic here is asked of `/ping`, which touches nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use futures_util::future::{BoxFuture, join_all};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::system::{ComponentHealth, Health};
use crate::respond;

/// How long a check may take before its component counts as unhealthy.
const DEADLINE: Duration = Duration::from_secs(5);

/// A component, and how to find out whether it works.
#[derive(Clone)]
pub struct HealthCheck {
    name: &'static str,
    check: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl HealthCheck {
    /// A component by its name in the answer; the check's error is shown to anyone, so it must hold nothing secret.
    pub fn new(
        name: &'static str,
        check: impl Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            check: Arc::new(check),
        }
    }

    async fn run(&self) -> ComponentHealth {
        let outcome = match tokio::time::timeout(DEADLINE, (self.check)()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {} s", DEADLINE.as_secs())),
        };
        ComponentHealth {
            name: self.name,
            status: status(outcome.is_ok()),
            error: outcome.err(),
        }
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HealthCheck").field(&self.name).finish()
    }
}

const fn status(healthy: bool) -> &'static str {
    if healthy { "healthy" } else { "unhealthy" }
}

/// `getHealth`: 200 even when something is wrong, as in Harbor; the body says what.
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let mut components = vec![ComponentHealth {
        name: "core",
        status: status(true),
        error: None,
    }];
    components.extend(join_all(call.api.health_checks.iter().map(HealthCheck::run)).await);
    let healthy = components.iter().all(|component| component.error.is_none());
    respond::json(&Health {
        status: status(healthy),
        components,
    })
}

/// `getPing`
pub async fn ping(_call: Call) -> Result<Response, ApiError> {
    Ok(respond::text("text/plain; charset=utf-8", "Pong"))
}
