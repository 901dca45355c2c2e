//! Whose time decides about leases, delays and slots.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use seawall_database::Timestamp;

/// Whose time a store goes by.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The store's own (PostgreSQL's `now()`, Redis' `TIME`; for SQLite the process's), so that
    /// replicas agree whatever their own clocks say.
    #[default]
    Store,
    /// One that a test holds still.
    Held(HeldClock),
}

/// A clock that only moves when it is told to. Clones show the same time.
#[derive(Clone, Debug)]
pub struct HeldClock(Arc<AtomicI64>);

impl HeldClock {
    /// A clock that shows `time`.
    pub fn new(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.0)))
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward.
    pub fn advance(&self, by: std::time::Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}
