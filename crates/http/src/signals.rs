//! SIGTERM and SIGINT: the first drains, a second ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

use crate::Shutdown;

impl Shutdown {
    /// One that is ordered when a signal comes. A second signal ends the process.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub fn on_signal() -> std::io::Result<Self> {
        let shutdown = Self::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let order = shutdown.clone();
        tokio::spawn(async move {
            let mut wait = async || {
                tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                }
            };
            let signal = wait().await;
            tracing::info!(signal, "finishing what runs; a second signal ends at once");
            order.stop();
            wait().await;
            std::process::exit(130);
        });
        Ok(shutdown)
    }
}
