//! Which slots of a schedule are to be fired now, and which is the next. Pure.

use seawall_database::Timestamp;
use seawall_jobs::{MISSED_AFTER, MissedFires};

/// The most slots that are fired at once; the rest follows.
const MOST_AT_ONCE: usize = 100;

/// What is to be done at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The slots to fire, the earliest first.
    pub slots: Vec<Timestamp>,
    /// The first slot that is not dealt with; never if there is none.
    pub next: Timestamp,
}

/// The slots from `next_fire` on that are due at `now`, where `after` gives the slot that follows a
/// moment (`Cron::next`). One that is older than [`MISSED_AFTER`] was missed: it is dropped, or
/// fired, or all that were missed are made up for by one.
pub(super) fn due(
    after: impl Fn(Timestamp) -> Option<Timestamp>,
    next_fire: Timestamp,
    now: Timestamp,
    missed: MissedFires,
) -> Due {
    let after = |slot| after(slot).unwrap_or(Timestamp::NEVER);
    let in_time = now.minus(MISSED_AFTER);
    let (mut slots, mut next) = (Vec::new(), next_fire);
    while !next.is_never() && next <= now && slots.len() < MOST_AT_ONCE {
        if next >= in_time || missed == MissedFires::All {
            slots.push(next);
            next = after(next);
        } else {
            if missed == MissedFires::Once {
                slots.push(next);
            }
            // Slots begin with a whole second, the first one that is in time among them.
            next = after(Timestamp(in_time.0 - 1));
        }
    }
    Due { slots, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const MIDNIGHT: i64 = 20_000 * DAY;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Fires at every multiple of so many seconds.
    fn every(seconds: i64) -> impl Fn(Timestamp) -> Option<Timestamp> {
        move |slot| Some(at((slot.seconds().div_euclid(seconds) + 1) * seconds))
    }

    fn daily(now: i64, missed: MissedFires) -> Due {
        due(every(DAY), at(MIDNIGHT), at(now), missed)
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let none = daily(MIDNIGHT - 1, MissedFires::Once);
        assert_eq!((none.slots.len(), none.next), (0, at(MIDNIGHT)));
    }

    #[test]
    fn a_slot_is_fired_once_and_the_next_is_known() {
        for missed in [MissedFires::Skip, MissedFires::Once, MissedFires::All] {
            let one = daily(MIDNIGHT + 30, missed);
            assert_eq!(one.slots, [at(MIDNIGHT)]);
            assert_eq!(one.next, at(MIDNIGHT + DAY));
        }
    }

    #[test]
    fn what_was_missed_is_dropped_or_made_up_for() {
        let now = MIDNIGHT + 2 * DAY + 3600;
        let next = at(MIDNIGHT + 3 * DAY);
        assert_eq!(
            daily(now, MissedFires::Skip),
            Due {
                slots: vec![],
                next
            }
        );
        let once = daily(now, MissedFires::Once);
        assert_eq!((once.slots.len(), once.next), (1, next));
        let all = daily(now, MissedFires::All);
        assert_eq!((all.slots.len(), all.next), (3, next));
    }

    #[test]
    fn a_schedule_may_come_to_its_end() {
        let last = due(|_| None, at(MIDNIGHT), at(MIDNIGHT), MissedFires::Once);
        assert_eq!(last.slots, [at(MIDNIGHT)]);
        assert_eq!(last.next, Timestamp::NEVER);
    }

    #[test]
    fn a_year_of_missed_seconds_is_dealt_with_at_once() {
        let now = at(MIDNIGHT + 365 * DAY);
        let once = due(every(1), at(MIDNIGHT), now, MissedFires::Once);
        assert!(once.slots.len() <= 62, "{}", once.slots.len());
        assert_eq!(once.next, now.plus(std::time::Duration::from_secs(1)));
        let all = due(every(1), at(MIDNIGHT), now, MissedFires::All);
        assert_eq!(all.slots.len(), MOST_AT_ONCE);
    }
}
