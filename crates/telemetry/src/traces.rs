//! Traces over OTLP/HTTP (protobuf), in batches, by a task of their own.

use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::request::EXPORTING;
use crate::setup::{TelemetryError, TelemetrySettings};

/// How long one export, and the last one at the stop, may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The running exporter.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

/// Starts the exporter if an endpoint is set. Needs a Tokio runtime.
pub(crate) fn start(settings: &TelemetrySettings) -> Result<Option<Traces>, TelemetryError> {
    let Some(endpoint) = &settings.otlp_endpoint else {
        return Ok(None);
    };
    let error =
        |error: &dyn std::error::Error| TelemetryError::Exporter(format!("{endpoint}: {error}"));
    let client = reqwest::Client::builder()
        .timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|failed| error(&failed))?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|failed| error(&failed))?;
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            settings.sample_ratio,
        ))))
        .with_resource(
            Resource::builder()
                .with_service_name(settings.service_name.clone())
                .build(),
        )
        .build();
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    EXPORTING.store(true, Ordering::Relaxed);
    Ok(Some(Traces(provider)))
}

impl Traces {
    /// The layer that turns spans of `tracing` into exported ones: those of our own crates and what others note at `info`.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let targets = Targets::new()
            .with_target("seawall", LevelFilter::DEBUG)
            .with_target("access", LevelFilter::OFF)
            .with_default(LevelFilter::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("seawall"))
            .with_filter(targets)
    }

    /// Exports what waits.
    pub(crate) async fn stop(self) {
        // It blocks on the exporting task, so it must not hold a thread of the runtime.
        let stopping = tokio::task::spawn_blocking(move || self.0.shutdown());
        match tokio::time::timeout(EXPORT_TIMEOUT, stopping).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last spans were not exported"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the last spans were not exported in time"),
        }
    }
}
