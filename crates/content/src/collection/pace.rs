//! How fast collection goes: a pause after each batch, so that pushes come in between.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// A pause is this many times as long as the batch before it took: collection takes a third of
/// the database's writer at most.
const REST: u32 = 2;
/// Nothing waits for longer than this because a batch took long.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// Paces the batches of one run.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    batch_began: Instant,
    done: u64,
    per_second: Option<u32>,
}

impl Pace {
    /// Without a rate only the rests count.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        let now = Instant::now();
        Self {
            began: now,
            batch_began: now,
            done: 0,
            per_second,
        }
    }

    /// Marks the beginning of a batch.
    pub fn begin(&mut self) {
        self.batch_began = Instant::now();
    }

    /// Rests after a batch of `count`; ends at once when the run is to stop.
    pub async fn rest(&mut self, count: u64, cancelled: &CancellationToken) {
        self.done += count;
        let mut pause = (self.batch_began.elapsed() * REST).min(LONGEST_REST);
        if let Some(rate) = self.per_second {
            let due = Duration::from_secs_f64(as_f64(self.done) / f64::from(rate.max(1)));
            pause = pause.max(due.saturating_sub(self.began.elapsed()));
        }
        cancelled
            .run_until_cancelled(tokio::time::sleep(pause))
            .await;
    }
}

/// Counts of this size lose nothing that matters here.
#[allow(clippy::cast_precision_loss)]
fn as_f64(count: u64) -> f64 {
    count as f64
}
