//! How fast collection goes: batches that hold the database's writer for a moment only, and a pause after
//! each, so that pushes come in between.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// Nothing waits for longer than this because a batch took long.
const LONGEST_REST: Duration = Duration::from_millis(250);
/// How long a batch is to hold the database's writer. A push waits for one batch at most, and itself takes
/// several times as long.
const TURN: Duration = Duration::from_millis(4);
/// The smallest batch, with which a run begins.
const FEWEST: usize = 64;
/// The largest batch: what a statement is given as a list.
const MOST: usize = 1024;

/// Paces the batches of one phase of a run.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    done: u64,
    batch: usize,
    per_second: Option<u32>,
}

impl Pace {
    /// Without a rate only the rests count.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        Self {
            began: Instant::now(),
            done: 0,
            batch: FEWEST,
            per_second,
        }
    }

    /// How many the next batch is to look at: as many as held the writer for its turn the last time.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Rests after a batch of `count` for as long as it took, so that collection has half of the database's
    /// writer at most; ends at once when the run is to stop.
    pub async fn rest(&mut self, count: u64, took: Duration, cancelled: &CancellationToken) {
        self.done += count;
        if count >= self.batch as u64 {
            self.batch = fitting(self.batch, took);
        }
        let mut pause = took.min(LONGEST_REST);
        if let Some(rate) = self.per_second {
            let due = Duration::from_secs_f64(as_f64(self.done) / f64::from(rate.max(1)));
            pause = pause.max(due.saturating_sub(self.began.elapsed()));
        }
        cancelled
            .run_until_cancelled(tokio::time::sleep(pause))
            .await;
    }
}

/// The size of a batch that takes [`TURN`], if one of `batch` took so long; never more than twice or less
/// than half of that, since a single time says little.
fn fitting(batch: usize, took: Duration) -> usize {
    let took = took.as_micros().max(1);
    let fitting = u128::try_from(batch).unwrap_or_default() * TURN.as_micros() / took;
    let fitting = usize::try_from(fitting).unwrap_or(MOST);
    fitting.clamp(batch / 2, batch * 2).clamp(FEWEST, MOST)
}

/// Counts of this size lose nothing that matters here.
#[allow(clippy::cast_precision_loss)]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_take_their_turn_and_change_gently() {
        for (batch, took, expected) in [
            (64, TURN, 64),
            (64, Duration::ZERO, 128),
            (1000, Duration::ZERO, MOST),
            (400, TURN * 2, 200),
            (400, TURN * 100, 200),
            (100, TURN * 100, FEWEST),
            (300, TURN.mul_f64(0.75), 400),
        ] {
            assert_eq!(fitting(batch, took), expected, "{batch} in {took:?}");
        }
    }
}
