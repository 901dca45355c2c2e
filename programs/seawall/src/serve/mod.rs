//! `seawall serve`: the whole registry in one process.
//!
//! Reads top to bottom: telemetry, the data folder, the parts, the listener, what people are told, serving, the end.

mod first_start;
mod greeting;
mod health;
mod jobs;
mod metrics;
mod open_files;
mod parts;
mod server;

use anyhow::Context;
use seawall_http::{HttpMetrics, Server, Shutdown};
use seawall_settings::{LogFormat, Settings};
use seawall_telemetry::{Registry, Telemetry, TelemetrySettings};

use self::metrics::JobCounters;
use self::parts::Parts;
use crate::data_folder::DataFolder;

/// Serves until told to stop.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let telemetry = start_telemetry(settings)?;
    let outcome = serve(settings).await;
    telemetry.stop().await;
    outcome
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    for warning in seawall_settings::warnings(settings, std::env::vars().map(|(name, _)| name)) {
        tracing::warn!("{warning}");
    }
    // Held until the end: a second process on the same folder is refused.
    let _folder = DataFolder::take(&settings.data_dir)?;
    let max_connections = open_files::raise_limit(settings.limits.max_connections);
    let shutdown = Shutdown::on_signal().context("listening for signals")?;
    let mut registry = Registry::default();
    let http_metrics = HttpMetrics::register(&mut registry);
    let server = Server::bind(server::settings(settings, max_connections), http_metrics).await?;
    let job_counters = JobCounters::register(&mut registry);
    let parts = Parts::open(settings).await?;
    let (audit, store) = (parts.rooms().audit.clone(), parts.jobs().store.clone());
    let metrics = metrics::router(settings, registry, audit, store);
    let router = parts.router(settings, metrics);

    greeting::print(settings, server.local_address(), parts.first_start());
    let jobs = jobs::run(settings, parts.jobs(), job_counters, &shutdown);
    tokio::join!(server.serve(router, shutdown.clone()), jobs);
    tracing::info!("stopped serving");
    parts.close().await;
    Ok(())
}

fn start_telemetry(settings: &Settings) -> anyhow::Result<Telemetry> {
    let telemetry = TelemetrySettings {
        log_format: match settings.log.format {
            LogFormat::Text => seawall_telemetry::LogFormat::Text,
            LogFormat::Json => seawall_telemetry::LogFormat::Json,
        },
        log_level: settings.log.level.clone(),
        otlp_endpoint: settings.telemetry.otlp_endpoint.clone(),
        service_name: settings.telemetry.service_name.clone(),
        sample_ratio: settings.telemetry.sample_ratio,
    };
    seawall_telemetry::start(&telemetry).context("starting log and traces")
}
