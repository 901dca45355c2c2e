//! What time brings: delays that end, slots of schedules, leases that ended, jobs and logs that are
//! kept no longer. Every engine does the rounds; the store sees to it that twice is not too often.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::Timestamp;

use super::start::Shared;
use crate::store::{Fired, Promoted};
use crate::{StoreError, Topic};

/// How many rows one step of a round may touch.
const LIMIT: u32 = 500;
/// The longest time between two looks at what is due.
const LOOK: Duration = Duration::from_secs(5);
/// The shortest, however much is enqueued.
const REST: Duration = Duration::from_millis(100);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_mins(10);
/// Before the first one.
const FIRST_SWEEP: Duration = Duration::from_mins(1);
/// After a step that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Promotes what is due and fires schedules, when it is time or something new may be due.
pub(super) async fn due(shared: Arc<Shared>) {
    let mut bell = shared.store.listen(Topic::Jobs);
    loop {
        match promote_and_fire(&shared).await {
            Ok(wait) => {
                tokio::time::sleep(REST.min(wait)).await;
                bell.wait(wait.saturating_sub(REST)).await;
            }
            Err(error) => {
                tracing::warn!(%error, "what is due waits");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// How long until something is due.
async fn promote_and_fire(shared: &Shared) -> Result<Duration, StoreError> {
    let promoted = shared.store.promote(LIMIT).await?;
    let fired = shared.store.fire(LIMIT).await?;
    if fired.dropped > 0 {
        tracing::info!(
            slots = fired.dropped,
            "slots of schedules were dropped: missed or overlapping"
        );
    }
    Ok(until_due(promoted, fired, shared.store.now().await?))
}

fn until_due(promoted: Promoted, fired: Fired, now: Timestamp) -> Duration {
    let next = [promoted.next, fired.next]
        .into_iter()
        .filter(|next| *next != Timestamp::NEVER)
        .min();
    let wait = next.map_or(LOOK, |next| {
        let micros = u64::try_from(next.0.saturating_sub(now.0)).unwrap_or_default();
        Duration::from_micros(micros).min(LOOK)
    });
    if wait.is_zero() && promoted.jobs + fired.jobs + fired.dropped == 0 {
        // Somebody else is just at what is due.
        return REST;
    }
    wait
}

/// Gives back what dead workers left.
pub(super) async fn rescue(shared: Arc<Shared>) {
    let interval = (shared.lease / 4).clamp(Duration::from_millis(50), Duration::from_secs(5));
    loop {
        match shared.store.rescue(LIMIT).await {
            Ok(rescued) if rescued.more => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what dead workers left waits"),
        }
        tokio::time::sleep(interval).await;
    }
}

/// Forgets old jobs and logs.
pub(super) async fn sweep(shared: Arc<Shared>) {
    tokio::time::sleep(FIRST_SWEEP.mul_f64(rand::random_range(0.5..1.5))).await;
    loop {
        if let Err(error) = sweep_once(&shared).await {
            tracing::warn!(%error, "old jobs and logs stay");
        }
        tokio::time::sleep(SWEEP.mul_f64(rand::random_range(0.9..1.1))).await;
    }
}

async fn sweep_once(shared: &Shared) -> Result<(), StoreError> {
    while shared.store.sweep(shared.retention, LIMIT).await? >= u64::from(LIMIT) {
        // Others want to write too.
        tokio::time::sleep(REST).await;
    }
    let logs = shared.logs.sweep(shared.store.now().await?).await?;
    if logs > 0 {
        tracing::info!(logs, "old logs of jobs were swept");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_and_in_other_hands_is_not_asked_for_without_a_rest() {
        let at = Timestamp::from_seconds;
        let until = |jobs: u64, dropped: u64, promote: Timestamp, fire: Timestamp| {
            let promoted = Promoted {
                jobs,
                next: promote,
            };
            let fired = Fired {
                jobs: 0,
                dropped,
                next: fire,
            };
            until_due(promoted, fired, at(100))
        };
        let never = Timestamp::NEVER;
        assert_eq!(until(0, 0, never, never), LOOK);
        assert_eq!(until(0, 0, at(1000), at(102)), Duration::from_secs(2));
        // There is more of what was just done.
        assert_eq!(until(500, 0, at(99), never), Duration::ZERO);
        assert_eq!(until(0, 1, never, at(99)), Duration::ZERO);
        // Nothing could be done about it.
        assert_eq!(until(0, 0, at(99), never), REST);
        assert_eq!(until(0, 0, never, at(99)), REST);
    }
}
