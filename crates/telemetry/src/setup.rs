//! Sets up the process's log and traces.

use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::log_writer::LogWriter;
use crate::traces::{self, Traces};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What telemetry is told.
#[derive(Debug, Clone, Default)]
pub struct TelemetrySettings {
    /// Text or JSON.
    pub log_format: LogFormat,
    /// `tracing-subscriber` directives: `info`, `info,seawall_http=debug`, …
    pub log_level: String,
    /// Base URL of an OTLP/HTTP collector (`http://host:4318`); `None` exports nothing.
    pub otlp_endpoint: Option<String>,
    /// `service.name` of the traces.
    pub service_name: String,
    /// Share of the traces begun here that is exported, 0 to 1; a joined trace follows its caller.
    pub sample_ratio: f64,
}

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is no list of directives.
    #[error("log level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter could not be built.
    #[error("telemetry endpoint: {0}")]
    Exporter(String),
    /// The writer's thread could not be started.
    #[error("starting the log writer: {0}")]
    Writer(#[from] io::Error),
    /// The process has a subscriber already.
    #[error("{0}")]
    Twice(#[from] TryInitError),
}

/// Running telemetry: keep it to the end of the program, then [`Telemetry::stop`].
#[derive(Debug)]
pub struct Telemetry {
    writer: LogWriter,
    traces: Option<Traces>,
}

/// Starts log and traces. Log lines go to standard error.
pub fn start(settings: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let writer = LogWriter::start(io::stderr())?;
    let level = if settings.log_level.is_empty() {
        "info"
    } else {
        &settings.log_level
    };
    let filter = EnvFilter::builder().parse(level)?;
    let colours = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = fmt::layer().with_writer(writer.clone()).with_ansi(colours);
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    let traces = traces::start(settings)?;
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(traces.as_ref().map(Traces::layer))
        .try_init()?;
    Ok(Telemetry { writer, traces })
}

impl Telemetry {
    /// Sends what waits: spans (five seconds at most) and log lines.
    pub async fn stop(self) {
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
        self.writer.flush();
    }
}
