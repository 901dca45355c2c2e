//! The span of one request: the root of its trace here, joined to the caller's trace by `traceparent`.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, Method};
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Whether spans are exported: only then is the caller's trace looked for.
pub(crate) static EXPORTING: AtomicBool = AtomicBool::new(false);

/// A span for a request to `surface` (`registry`, `api`, …), the parent of the spans `db.*` and `storage.*`.
pub fn request_span(
    method: &Method,
    surface: &'static str,
    path: &str,
    request_id: &str,
    headers: &HeaderMap,
) -> Span {
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
        http.request.method = method.as_str(),
        http.response.status_code = tracing::field::Empty,
        url.path = path,
        request_id,
    );
    if EXPORTING.load(Ordering::Relaxed) {
        span.record("otel.name", format_args!("{method} {surface}"));
        let caller = opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.extract(&Headers(headers))
        });
        // Fails only for a span that is switched off; then there is nothing to join.
        let _ = span.set_parent(caller);
    }
    span
}

/// Notes how the request ended.
pub fn record_response(span: &Span, status: u16) {
    if EXPORTING.load(Ordering::Relaxed) {
        span.record("http.response.status_code", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
