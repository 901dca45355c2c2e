//! `GET /metrics` for Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use seawall_settings::Settings;
use seawall_telemetry::{ProcessCollector, Registry};

/// The route, unless it is switched off.
pub fn router(settings: &Settings, mut registry: Registry) -> Router {
    if !settings.metrics.enabled {
        return Router::new();
    }
    registry.register_collector(Box::new(ProcessCollector::default()));
    let registry = Arc::new(registry);
    Router::new().route("/metrics", get(async move || scrape(&registry)))
}

fn scrape(registry: &Registry) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, registry) {
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
