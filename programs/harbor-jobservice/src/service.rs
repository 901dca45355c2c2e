//! What runs, top to bottom: telemetry, the listener, the master, the engine, the API, the end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use seawall_http::{HttpMetrics, Server, ServerSettings, Shutdown};
use seawall_jobs::log::Level;
use seawall_jobs_api::{ApiSecret, JobMetrics, JobsApi, Node};
use seawall_telemetry::{Registry, Telemetry, TelemetrySettings};

use crate::config::{Config, Environment};
use crate::{logs, master, node, tls};

/// Heartbeats come three times as often; a pool that misses two of Harbor's five seconds is dead.
const LEASE: Duration = Duration::from_secs(15);
/// Harbor's limits of its server.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Nobody but core, probes and a few people call.
const MAX_CONNECTIONS: usize = 1024;

/// Runs until told to stop.
pub async fn run(config: Config, environment: Environment) -> anyhow::Result<()> {
    let telemetry = start_telemetry(&config, &environment)?;
    let outcome = serve(&config, &environment).await;
    telemetry.stop().await;
    outcome
}

async fn serve(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if environment.core_secret.is_empty() {
        tracing::warn!("CORE_SECRET is not set: the API lets nobody in, but for /api/v1/stats");
    }
    let shutdown = Shutdown::on_signal().context("listening for signals")?;
    let server = bind(server_settings(config, environment)).await?;
    let metrics_server = match &config.metric {
        Some(metric) => Some(bind(metric_settings(config, metric.port)).await?),
        None => None,
    };
    let client = tls::client(environment)?;
    let opening = master::open(config, environment, client.clone());
    let master = tokio::select! {
        master = opening => master?,
        () = shutdown.stopped() => return Ok(()),
    };
    let logs = logs::open(config, master.logs, master.database.as_ref())?;
    let metrics = JobMetrics::new(&environment.metric_namespace, &environment.metric_subsystem);
    let engine = master
        .engine
        .workers(config.workers)
        .lease(LEASE)
        .logs(logs.clone())
        .on_end(metrics.observer())
        .hook_client(client);
    let running = engine.start().await.context("starting the workers")?;
    let sweeping = logs::sweep_regularly(config, master.database.as_ref(), master.core.as_ref());

    let router = seawall_jobs_api::router(JobsApi {
        store: Arc::clone(&master.store),
        types: running.types().into(),
        logs,
        secret: ApiSecret::new(environment.core_secret.clone()),
        max_log_bytes: config.max_log_bytes,
        redis: master.redis,
    });
    let node = Node {
        name: node::name().await,
        pool: running.pool().to_owned(),
        workers: config.workers,
    };
    tracing::info!(
        address = %server.local_address(),
        https = config.https.is_some(),
        node = node.name,
        pool = node.pool,
        workers = node.workers,
        "serving"
    );
    let metrics_serving = metrics_server
        .zip(config.metric.as_ref())
        .map(|(server, metric)| {
            tokio::spawn(server.serve(metrics.router(&metric.path, node), shutdown.clone()))
        });
    let serving = tokio::spawn(server.serve(router, shutdown.clone()));
    shutdown.stopped().await;
    // What was accepted is in the store; whatever is still asked for meets a closed door.
    running.drain(config.drain).await;
    serving.await.context("serving the API")?;
    if let Some(serving) = metrics_serving {
        serving.await.context("serving the metrics")?;
    }
    sweeping.abort();
    master.closing.await;
    drop(master.lock);
    tracing::info!("stopped");
    Ok(())
}

fn server_settings(config: &Config, environment: &Environment) -> ServerSettings {
    ServerSettings {
        listen: SocketAddr::new(
            config.address.unwrap_or(Ipv6Addr::UNSPECIFIED.into()),
            config.port,
        ),
        tls: config.https.clone(),
        client_ca: environment
            .trusted_authorities
            .clone()
            .filter(|_| environment.verify_client),
        max_connections: MAX_CONNECTIONS,
        max_connections_per_address: MAX_CONNECTIONS,
        header_timeout: HEADER_TIMEOUT,
        idle_timeout: IDLE_TIMEOUT,
        drain_timeout: HEADER_TIMEOUT,
        // As in Harbor: probes would be most of the log.
        access_log: config.level == Level::Debug,
        ..ServerSettings::default()
    }
}

fn metric_settings(config: &Config, port: u16) -> ServerSettings {
    ServerSettings {
        listen: SocketAddr::new(config.address.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), port),
        max_connections: 64,
        max_connections_per_address: 64,
        drain_timeout: Duration::from_secs(1),
        access_log: false,
        ..ServerSettings::default()
    }
}

/// Listens; on every IPv4 address where the machine has no IPv6.
async fn bind(settings: ServerSettings) -> anyhow::Result<Server> {
    let metrics = || HttpMetrics::register(&mut Registry::default());
    let error = match Server::bind(settings.clone(), metrics()).await {
        Ok(server) => return Ok(server),
        Err(error) => error,
    };
    let no_ipv6 = matches!(
        error.kind(),
        std::io::ErrorKind::AddrNotAvailable | std::io::ErrorKind::Unsupported
    ) || error.raw_os_error().is_some();
    if no_ipv6 && settings.listen.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
        let listen = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), settings.listen.port());
        return Ok(Server::bind(ServerSettings { listen, ..settings }, metrics()).await?);
    }
    Err(error.into())
}

fn start_telemetry(config: &Config, environment: &Environment) -> anyhow::Result<Telemetry> {
    let level = match config.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warn",
        Level::Error | Level::Fatal => "error",
    };
    let traces = environment.traces.as_ref();
    let telemetry = TelemetrySettings {
        // Libraries speak of little that matters below warnings.
        log_level: format!(
            "warn,harbor_jobservice={level},seawall_jobs={level},seawall_jobs_api={level},seawall_job_types={level},seawall_http={level}"
        ),
        otlp_endpoint: traces.map(|traces| traces.endpoint.clone()),
        service_name: traces
            .map(|traces| traces.service.clone())
            .unwrap_or_default(),
        sample_ratio: traces.map_or(1.0, |traces| traces.sample_ratio),
        ..TelemetrySettings::default()
    };
    seawall_telemetry::start(&telemetry).context("starting log and traces")
}
