//! `GET /health` and `GET /ping`: for people and monitors. Whether to route traffic here is asked of `/ping`, which touches nothing.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::Response;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Mutex;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::system::{ComponentHealth, Health};
use crate::respond;

/// How long a check may take before its component counts as unhealthy.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long what was seen is told without another look.
const FRESH: Duration = Duration::from_secs(1);

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

/// The components that are looked at, and what was seen last.
#[derive(Debug)]
pub struct HealthChecks {
    checks: Vec<HealthCheck>,
    /// Held while the checks run, so that many who ask at once wait for one look.
    seen: Mutex<Option<(Instant, Health)>>,
}

impl HealthChecks {
    /// Nothing was looked at yet.
    pub fn new(checks: Vec<HealthCheck>) -> Self {
        Self {
            checks,
            seen: Mutex::new(None),
        }
    }

    /// How everything is; what was seen a moment ago is not looked at again, since anyone may ask.
    async fn look(&self) -> Health {
        let mut seen = self.seen.lock().await;
        if let Some((when, health)) = &*seen
            && when.elapsed() < FRESH
        {
            return health.clone();
        }
        let mut components = vec![ComponentHealth {
            name: "core",
            status: status(true),
            error: None,
        }];
        components.extend(join_all(self.checks.iter().map(HealthCheck::run)).await);
        let healthy = components.iter().all(|component| component.error.is_none());
        let health = Health {
            status: status(healthy),
            components,
        };
        *seen = Some((Instant::now(), health.clone()));
        health
    }
}

/// `getHealth`: 200 even when something is wrong, as in Harbor; the body says what.
pub async fn get(call: Call) -> Result<Response, ApiError> {
    respond::json(&call.api.health_checks.look().await)
}

/// `getPing`
pub async fn ping(_call: Call) -> Result<Response, ApiError> {
    Ok(respond::text("text/plain; charset=utf-8", "Pong"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_cause_one_look() {
        let looks = Arc::new(AtomicU32::new(0));
        let counter = looks.clone();
        let checks = HealthChecks::new(vec![HealthCheck::new("database", move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Err("away".to_owned()) })
        })]);
        let seen = join_all((0..50).map(|_| checks.look())).await;
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        for health in seen {
            assert_eq!(
                (health.status, health.components[1].status),
                ("unhealthy", "unhealthy")
            );
            assert_eq!(health.components[1].error.as_deref(), Some("away"));
        }
    }
}
