//! The lock on a name after a wrong password (Harbor `src/core/auth/lock.go`): while it holds,
//! logging in under that name fails silently, with the right password too.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use seawall_database::Timestamp;

/// Names that are remembered. Verifications are rationed, so that within one lock's time no more
/// fail than this.
const NAMES: usize = 16_384;

pub(crate) struct Lockout {
    duration: Duration,
    until: Mutex<HashMap<String, Timestamp>>,
}

impl Lockout {
    pub(crate) fn new(duration: Duration) -> Self {
        Self {
            duration,
            until: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn is_locked(&self, name: &str, now: Timestamp) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(name).is_some_and(|until| now < *until)
    }

    pub(crate) fn lock(&self, name: &str, now: Timestamp) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= NAMES {
            until.retain(|_, until| now < *until);
        }
        if until.len() >= NAMES {
            // Not reached while verifications are rationed; forgetting all keeps the bound.
            until.clear();
        }
        until.insert(name.to_owned(), now.plus(self.duration));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_name_is_locked_for_the_set_time_and_no_other_is() {
        let lockout = Lockout::new(Duration::from_millis(1500));
        lockout.lock("admin", START);
        assert!(lockout.is_locked("admin", START));
        assert!(lockout.is_locked("admin", START.plus(Duration::from_millis(1499))));
        assert!(!lockout.is_locked("admin", START.plus(Duration::from_millis(1500))));
        assert!(!lockout.is_locked("other", START));
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let lockout = Lockout::new(Duration::from_millis(1500));
        for number in 0..3 * NAMES {
            lockout.lock(&number.to_string(), START);
            assert!(lockout.until.lock().unwrap().len() <= NAMES);
        }
        lockout.lock("later", START.plus(Duration::from_secs(2)));
        assert!(lockout.is_locked("later", START.plus(Duration::from_secs(2))));
    }
}
