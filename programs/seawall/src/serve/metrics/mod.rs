//! `GET /metrics` for Prometheus. What is told about jobs is in `jobs`.

mod jobs;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use seawall_events::Audit;
use seawall_jobs::JobStore;
use seawall_settings::Settings;
use seawall_telemetry::{ProcessCollector, Registry};

pub use self::jobs::JobCounters;

/// What closes a text of metrics.
const END: &str = "# EOF\n";

/// The route, unless it is switched off.
pub fn router(
    settings: &Settings,
    mut registry: Registry,
    audit: Audit,
    store: Arc<dyn JobStore>,
) -> Router {
    if !settings.metrics.enabled {
        return Router::new();
    }
    registry.register_collector(Box::new(ProcessCollector::default()));
    registry.register_collector(Box::new(AuditCollector(audit)));
    let registry = Arc::new(registry);
    let scrape = move || {
        let (registry, store) = (Arc::clone(&registry), Arc::clone(&store));
        async move { scrape(&registry, &*store).await }
    };
    Router::new().route("/metrics", get(scrape))
}

async fn scrape(registry: &Registry, store: &dyn JobStore) -> Response {
    let mut text = String::new();
    let queues = jobs::look(store).await;
    let encoded = prometheus_client::encoding::text::encode(&mut text, registry).and_then(|()| {
        text.truncate(text.len() - END.len());
        prometheus_client::encoding::text::encode(&mut text, &queues)
    });
    match encoded {
        Ok(()) => {
            let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, format)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "encoding metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

struct AuditCollector(Audit);

impl std::fmt::Debug for AuditCollector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AuditCollector")
    }
}

impl Collector for AuditCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let lost = ConstCounter::new(self.0.lost_pulls());
        let help = "Pulls that were answered but not audited, since the queue was full or the database failed";
        lost.encode(encoder.encode_descriptor(
            "seawall_audit_lost_pulls",
            help,
            None,
            lost.metric_type(),
        )?)
    }
}
