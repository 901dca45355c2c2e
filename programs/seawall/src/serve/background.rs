//! What is done from time to time, whatever requests come.

use std::time::Duration;

use seawall_content::Content;
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_mins(5);

/// Drops expired uploads, every five minutes.
pub fn clean_regularly(content: Content) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = content.expire().await {
                tracing::warn!(error = %seawall_telemetry::chain(&error), "cleaning up expired uploads; trying again later");
            }
        }
    })
}
