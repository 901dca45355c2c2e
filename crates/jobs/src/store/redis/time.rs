//! What time brings: delays that end, leases that end, jobs that are kept no longer.

use std::time::Duration;

use seawall_database::Timestamp;

use super::Shared;
use super::script::{DUE, RESCUE, SWEEP};
use crate::store::{Promoted, Rescued, Retention};
use crate::{MOST_LOSSES, StoreError, Topic};

/// A pool whose heartbeat has not moved for so long is dead: what it ran without a lease goes back.
/// (The Go pools beat every five seconds, and call one dead after ten.)
const DEAD_AFTER_SECONDS: u32 = 30;
/// One of ours is forgotten after a day.
const FORGET_AFTER_SECONDS: u32 = 24 * 3600;

/// As the scripts take it.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Shared {
    pub(super) async fn promote(&self, limit: u32) -> Result<Promoted, StoreError> {
        let mut call = self.call(&DUE);
        call.arg(limit.min(250));
        let (jobs, next): (u64, i64) = self.run(&call).await?;
        if jobs > 0 {
            self.bells.ring(Topic::Jobs);
        }
        Ok(Promoted {
            jobs,
            next: Timestamp::from_seconds(next),
        })
    }

    pub(super) async fn rescue(&self, limit: u32) -> Result<Rescued, StoreError> {
        let mut call = self.call(&RESCUE);
        call.arg(limit.min(250))
            .arg(MOST_LOSSES)
            .arg(DEAD_AFTER_SECONDS)
            .arg(FORGET_AFTER_SECONDS);
        let (requeued, failed, lost, more): (u64, u64, Vec<String>, bool) = self.run(&call).await?;
        for lost in lost.chunks(2) {
            if let [job, pool] = lost {
                tracing::warn!(job, pool, "a job lost its worker");
            }
        }
        if requeued > 0 {
            self.bells.ring(Topic::Jobs);
        }
        if failed > 0 {
            self.bells.ring(Topic::Hooks);
        }
        Ok(Rescued {
            requeued,
            failed,
            more,
        })
    }

    pub(super) async fn sweep(&self, retention: Retention, limit: u32) -> Result<u64, StoreError> {
        let now = self.time().await?;
        let mut call = self.call(&SWEEP);
        call.arg(limit.min(500))
            .arg(now.minus(retention.done).seconds())
            .arg(now.minus(retention.failed).seconds());
        self.run(&call).await
    }
}
