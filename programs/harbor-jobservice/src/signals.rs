//! SIGTERM and SIGINT: the first drains, a second ends the process at once.

use anyhow::Context;
use seawall_http::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

/// Gives the order to stop when a signal comes.
pub fn stop_on_signal(shutdown: Shutdown) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    tokio::spawn(async move {
        let mut wait = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let signal = wait().await;
        tracing::info!(signal, "finishing what runs; a second signal ends at once");
        shutdown.stop();
        wait().await;
        std::process::exit(130);
    });
    Ok(())
}
