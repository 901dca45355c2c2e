//! Which slots of a schedule are to be run now, and which is the next. Pure.

use std::time::Duration;

use seawall_database::Timestamp;

use crate::{MISSED_AFTER, MissedFires};

/// The most missed slots that are counted one by one: those of a schedule of each second that nobody
/// fired for three hours.
const MOST_WALKED: u64 = 10_000;
/// Of more than that, only the last are looked at.
const LAST: Duration = Duration::from_hours(1);

/// What is to become of the slots of a schedule that have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSlots {
    /// Those to run, the earliest first.
    pub to_run: Vec<Timestamp>,
    /// How many are dropped, since nobody fired them in time; of very many not all are counted.
    pub dropped: u64,
    /// The first that is not dealt with; never if there is none.
    pub next: Timestamp,
}

/// What is to become of the slots from `next_fire` on that have come at `now`, where `after` gives
/// the slot that follows a moment ([`Cron::next`](crate::cron::Cron::next)). At most `limit` are to
/// run, but always one; the others follow when this is asked again.
pub fn due_slots(
    after: impl Fn(Timestamp) -> Option<Timestamp>,
    next_fire: Timestamp,
    now: Timestamp,
    missed: MissedFires,
    limit: usize,
) -> DueSlots {
    let after = |moment| after(moment).unwrap_or(Timestamp::NEVER);
    let in_time = now.minus(MISSED_AFTER);
    let mut due = DueSlots {
        to_run: Vec::new(),
        dropped: 0,
        next: next_fire,
    };
    if missed != MissedFires::All {
        let mut latest = None;
        while !due.next.is_never() && due.next < in_time {
            latest = Some(due.next);
            due.dropped += 1;
            due.next = after(if due.dropped == MOST_WALKED {
                due.next.max(in_time.minus(LAST))
            } else {
                due.next
            });
        }
        if let Some(latest) = latest.filter(|_| missed == MissedFires::Once) {
            due.to_run.push(latest);
            due.dropped -= 1;
        }
    }
    while !due.next.is_never() && due.next <= now && due.to_run.len() < limit.max(1) {
        due.to_run.push(due.next);
        due.next = after(due.next);
    }
    due
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

    fn daily(now: i64, missed: MissedFires) -> DueSlots {
        due_slots(every(DAY), at(MIDNIGHT), at(now), missed, 100)
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let none = daily(MIDNIGHT - 1, MissedFires::Once);
        assert_eq!((none.to_run.len(), none.next), (0, at(MIDNIGHT)));
    }

    #[test]
    fn a_slot_is_run_once_and_the_next_is_known() {
        for missed in [MissedFires::Skip, MissedFires::Once, MissedFires::All] {
            let one = daily(MIDNIGHT + 30, missed);
            assert_eq!((one.to_run, one.dropped), (vec![at(MIDNIGHT)], 0));
            assert_eq!(one.next, at(MIDNIGHT + DAY));
        }
    }

    #[test]
    fn what_was_missed_is_dropped_or_made_up_for() {
        let now = MIDNIGHT + 2 * DAY + 3600;
        let days = |days: &[i64]| days.iter().map(|day| at(MIDNIGHT + day * DAY)).collect();
        for (missed, to_run, dropped) in [
            (MissedFires::Skip, days(&[]), 3),
            (MissedFires::Once, days(&[2]), 2),
            (MissedFires::All, days(&[0, 1, 2]), 0),
        ] {
            let next = at(MIDNIGHT + 3 * DAY);
            let expected = DueSlots {
                to_run,
                dropped,
                next,
            };
            assert_eq!(daily(now, missed), expected, "{missed:?}");
        }
    }

    #[test]
    fn what_comes_at_once_is_limited_and_the_rest_follows() {
        let all =
            |next, limit| due_slots(every(1), next, at(MIDNIGHT + 9), MissedFires::All, limit);
        let first = all(at(MIDNIGHT), 4);
        assert_eq!((first.to_run.len(), first.next), (4, at(MIDNIGHT + 4)));
        assert_eq!(all(first.next, 100).to_run.len(), 6);
        assert_eq!(all(at(MIDNIGHT), 0).to_run.len(), 1, "it always goes on");
    }

    #[test]
    fn a_schedule_may_come_to_its_end() {
        let last = due_slots(|_| None, at(MIDNIGHT), at(MIDNIGHT), MissedFires::Once, 9);
        assert_eq!(last.to_run, [at(MIDNIGHT)]);
        assert_eq!(last.next, Timestamp::NEVER);
    }

    #[test]
    fn a_year_of_missed_seconds_is_dealt_with_at_once() {
        let now = at(MIDNIGHT + 365 * DAY);
        let of = |missed| due_slots(every(1), at(MIDNIGHT), now, missed, 100);
        let once = of(MissedFires::Once);
        assert_eq!(once.to_run[0], now.minus(Duration::from_secs(61)));
        assert_eq!(once.to_run.len(), 62, "and those that are in time");
        assert_eq!(once.next, now.plus(Duration::from_secs(1)));
        assert!(once.dropped >= MOST_WALKED);
        assert_eq!(of(MissedFires::Skip).to_run.len(), 61);
        assert_eq!(of(MissedFires::All).to_run.len(), 100);
    }
}
