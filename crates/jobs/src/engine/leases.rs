//! Keeps the leases of the runs, and tells those runs to end whose job was stopped or whose lease
//! is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::active::{ActiveRun, Cause};
use super::start::Shared;
use crate::store::PoolRecord;
use crate::{Attempt, SignalKind, Topic};

/// After so many heartbeats the pool tells again what it is, in case it was forgotten.
const REGISTER_EVERY: u32 = 10;

/// Sends heartbeats, three in the time of a lease and whenever something was stopped, until the
/// pool is about to be removed.
pub(super) async fn keep(shared: Arc<Shared>, pool: PoolRecord) {
    let mut bell = shared.store.listen(Topic::Signals);
    let interval = (shared.lease / 3).min(Duration::from_secs(5));
    let mut last_success = Instant::now();
    let mut beats = 0_u32;
    loop {
        tokio::select! {
            () = bell.wait(interval) => {}
            () = shared.removing.cancelled() => return,
        }
        beats = beats.wrapping_add(1);
        let runs = shared.active.all();
        let sent = Instant::now();
        // A store that hangs must not hold up the moment when the leases end.
        let patience = (last_success + shared.lease).saturating_duration_since(sent);
        if beat(&shared, &runs, patience.max(interval)).await {
            last_success = sent;
        } else if last_success.elapsed() >= shared.lease {
            // Somebody else may have these jobs by now.
            for run in runs.iter().filter(|run| run.cause() != Cause::Lost) {
                tracing::warn!(job = %run.attempt.job, "a run is cut off: its lease could not be kept");
                run.cancel(Cause::Lost);
            }
        }
        if beats.is_multiple_of(REGISTER_EVERY) && !shared.removing.is_cancelled() {
            // The next heartbeat must not wait for it.
            let register = shared.store.register_pool(pool.clone());
            match timeout(interval, register).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "the pool is not registered again"),
                Err(_) => tracing::debug!("the pool is not registered again in time"),
            }
        }
    }
}

/// False if it was not answered, with a limit for each list.
async fn beat(shared: &Shared, runs: &[Arc<ActiveRun>], limit: Duration) -> bool {
    let attempts: Vec<Attempt> = runs.iter().map(|run| run.attempt.clone()).collect();
    // Lists are kept short, see the contract.
    let mut chunks: Vec<Vec<Attempt>> = attempts.chunks(500).map(<[Attempt]>::to_vec).collect();
    if chunks.is_empty() {
        chunks.push(Vec::new());
    }
    for chunk in chunks {
        let heartbeat = shared.store.heartbeat(&shared.pool, chunk, shared.lease);
        let signals = match timeout(limit, heartbeat).await {
            Ok(Ok(signals)) => signals,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a heartbeat failed");
                return false;
            }
            Err(_) => {
                tracing::warn!("a heartbeat was not answered in time");
                return false;
            }
        };
        for signal in signals {
            let Some(run) = shared.active.get(signal.token) else {
                continue;
            };
            match signal.kind {
                SignalKind::Stopped => run.cancel(Cause::Stopped),
                SignalKind::Lost => run.cancel(Cause::Lost),
            }
        }
    }
    true
}
