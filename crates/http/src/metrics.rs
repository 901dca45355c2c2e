//! What the server counts. Every name begins with `seawall_http_`.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use seawall_telemetry::Registry;

/// The server's counters; clones count together.
#[derive(Debug, Clone)]
pub struct HttpMetrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    requests: Family<Labels, Counter>,
    durations: Family<SurfaceLabel, Histogram>,
    in_flight: Gauge,
    connections: Gauge,
    refused: Counter,
    received: Counter,
    sent: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Labels {
    surface: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SurfaceLabel(&'static str);

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        use prometheus_client::encoding::EncodeLabel;
        ("surface", self.surface).encode(encoder.encode_label())?;
        ("method", self.method).encode(encoder.encode_label())?;
        ("status", u64::from(self.status)).encode(encoder.encode_label())
    }
}

impl EncodeLabelSet for SurfaceLabel {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        use prometheus_client::encoding::EncodeLabel;
        ("surface", self.0).encode(encoder.encode_label())
    }
}

impl HttpMetrics {
    /// Counters that `registry` shows.
    pub fn register(registry: &mut Registry) -> HttpMetrics {
        let counters = Counters {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| {
                Histogram::new([
                    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
                    300.0,
                ])
            }),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            refused: Counter::default(),
            received: Counter::default(),
            sent: Counter::default(),
        };
        let registry = registry.sub_registry_with_prefix("seawall_http");
        registry.register("requests", "Requests answered", counters.requests.clone());
        registry.register(
            "request_duration_seconds",
            "From a request's head to the end of its response",
            counters.durations.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests being answered",
            counters.in_flight.clone(),
        );
        registry.register(
            "connections",
            "Open connections",
            counters.connections.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections refused by a cap",
            counters.refused.clone(),
        );
        registry.register(
            "received_bytes",
            "Bytes received, without TCP",
            counters.received.clone(),
        );
        registry.register(
            "sent_bytes",
            "Bytes sent, without TCP",
            counters.sent.clone(),
        );
        HttpMetrics(Arc::new(counters))
    }

    pub(crate) fn received_bytes(&self, count: u64) {
        self.0.received.inc_by(count);
    }

    pub(crate) fn sent_bytes(&self, count: u64) {
        self.0.sent.inc_by(count);
    }

    pub(crate) fn connection_opened(&self) {
        self.0.connections.inc();
    }

    pub(crate) fn connection_closed(&self) {
        self.0.connections.dec();
    }

    pub(crate) fn connection_refused(&self) {
        self.0.refused.inc();
    }

    pub(crate) fn request_began(&self) {
        self.0.in_flight.inc();
    }

    pub(crate) fn request_ended(
        &self,
        surface: &'static str,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        self.0.in_flight.dec();
        let labels = Labels {
            surface,
            method: method_label(method),
            status: status.as_u16(),
        };
        self.0.requests.get_or_create(&labels).inc();
        self.0
            .durations
            .get_or_create(&SurfaceLabel(surface))
            .observe(took.as_secs_f64());
    }
}

/// Which part of the product a path belongs to.
pub(crate) fn surface(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "v2" => "registry",
        "service" => "token",
        "api" => "api",
        "metrics" => "metrics",
        _ => "portal",
    }
}

/// The method, from a bounded set: a client invents as many as it likes.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}
