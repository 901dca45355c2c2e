//! The time of the database, which is the time that replicas agree on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use seawall_database::{Database, Engine, Timestamp, params};

use crate::{Clock, StoreError};

/// PostgreSQL's clock, in microseconds.
const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

pub(super) const STATEMENTS: &[&str] = &[NOW];

pub(super) fn is_of_postgres(statement: &str) -> bool {
    statement == NOW
}

/// How long an answer of the server holds. In between, this process counts on by itself, so that
/// no step has to ask; two clocks drift apart by less than a millisecond in that time.
const HOLDS: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct StoreTime {
    database: Database,
    clock: Clock,
    asked: Mutex<Option<(Instant, Timestamp)>>,
}

impl StoreTime {
    pub(super) fn new(database: Database, clock: Clock) -> Self {
        Self {
            database,
            clock,
            asked: Mutex::new(None),
        }
    }

    pub(super) async fn now(&self) -> Result<Timestamp, StoreError> {
        if let Clock::Held(clock) = &self.clock {
            return Ok(clock.now());
        }
        if self.database.engine() == Engine::Sqlite {
            return Ok(Timestamp::now());
        }
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, time)) = asked
            && at.elapsed() < HOLDS
        {
            return Ok(time.plus(at.elapsed()));
        }
        let time: Timestamp = self
            .database
            .read()
            .await?
            .fetch_one(NOW, params![])
            .await?;
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), time));
        Ok(time)
    }
}
