//! The schedules as one store remembers them: a Redis that has lost its data is given them again by
//! whoever was there. That it has lost them is `watch`'s to notice.

use std::time::{Duration, Instant};

use super::Shared;
use crate::{Schedule, StoreError};

/// They are read again after this, in case one was replaced by another.
const EVERY: Duration = Duration::from_mins(1);
/// Between two readings, however fast schedules come and go, so many times as long as one takes.
const REST: u32 = 10;

/// The schedules that were there when they were read last.
#[derive(Default)]
pub(super) struct Remembered {
    schedules: Vec<Schedule>,
    /// When they were read, and how many Redis counted then.
    read: Option<(Instant, u64)>,
    /// How long that took.
    took: Duration,
    /// They are gone from Redis, and not all are back yet.
    gone: bool,
}

impl Remembered {
    /// Redis has lost what was there: [`Remembered::keep_up`] puts it back.
    pub(super) fn are_gone(&mut self) {
        self.gone = true;
    }

    /// Puts back what is gone, else reads what has changed. Redis has `count` of them, and is the
    /// one that the mark tells.
    pub(super) async fn keep_up(
        &mut self,
        shared: &Shared,
        mark: &str,
        count: u64,
    ) -> Result<(), StoreError> {
        if self.gone {
            self.put_back(shared).await?;
            (self.gone, self.read) = (false, None);
            return Ok(());
        }
        let due = self.read.is_none_or(|(at, known)| {
            at.elapsed() > EVERY || known != count && at.elapsed() > REST * self.took
        });
        if !due {
            return Ok(());
        }
        let begun = Instant::now();
        let schedules = match shared.schedules().await {
            Ok(schedules) => schedules,
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the schedules in Redis cannot be read");
                self.read = Some((Instant::now(), count));
                return Ok(());
            }
        };
        let key = format!("{}seawall:mark", shared.prefix);
        let (now,): (Option<String>,) = shared.pipe(redis::pipe().cmd("GET").arg(key)).await?;
        // Of a Redis that was emptied meanwhile nothing is believed.
        if now.as_deref() == Some(mark) {
            self.schedules = schedules;
            self.read = Some((Instant::now(), count));
            self.took = begun.elapsed();
        }
        Ok(())
    }

    /// Others may do the same: ids are what they were, so that twice is once.
    async fn put_back(&self, shared: &Shared) -> Result<(), StoreError> {
        let mut back = 0_u64;
        for schedule in &self.schedules {
            match shared.put_schedule(schedule.definition.clone()).await {
                Ok(_) => back += 1,
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => {
                    tracing::error!(schedule = %schedule.id, %error, "a schedule cannot be put back");
                }
            }
        }
        if back > 0 {
            tracing::warn!(schedules = back, "schedules that Redis had lost are back");
        }
        Ok(())
    }
}
