//! Where hooks go, and which of these places are slow: so that one that hangs does not keep the hooks
//! of others waiting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use crate::HookTarget;

/// The most deliveries at a time to a place that is slow.
pub(super) const SHARE: usize = 32;
/// What has to wait for its place waits so long at least,
const SHORTEST_HOLD: Duration = Duration::from_secs(10);
/// and so long at most, once more of it waits than is looked at again in that time.
const LONGEST_HOLD: Duration = Duration::from_mins(2);
/// One after the other they are looked at again, a place's so long apart: some three times as many as
/// the share could deliver to a receiver that takes each as long as a slow one may.
const APART: Duration = Duration::from_millis(20);
/// Above this number places to which nothing is under way are forgotten.
const MOST_KNOWN: usize = 1000;

/// The places that something is under way to, and those that are slow.
#[derive(Debug, Default)]
pub(super) struct Destinations(Mutex<HashMap<String, Destination>>);

#[derive(Clone, Copy, Debug, Default)]
struct Destination {
    under_way: usize,
    /// The last delivery that was slow was not followed by one that was not.
    slow: bool,
    /// When what was refused last is looked at again.
    held_until: Option<Instant>,
}

impl Destination {
    /// For how long what is refused now waits: in its turn, so that a backlog is neither written again
    /// all at once nor again and again.
    fn hold(&mut self, now: Instant) -> Duration {
        let first = now + SHORTEST_HOLD;
        let turn = self
            .held_until
            .map_or(first, |last| first.max(last + APART));
        let hold = turn - now;
        if hold > LONGEST_HOLD {
            return LONGEST_HOLD.mul_f64(rand::random_range(0.5..1.0));
        }
        self.held_until = Some(turn);
        hold
    }
}

/// What may be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It goes where deliveries take moments.
    Prompt,
    /// It goes to a place that is slow.
    Slow,
    /// A place that is slow has its share: it has to wait for so long.
    Refused(Duration),
}

/// The place of a target: who is spoken to, whatever is asked of them.
pub(super) fn place(target: &HookTarget) -> String {
    match Url::parse(target.as_str()) {
        Ok(url) if url.has_host() => {
            let port = url.port_or_known_default().unwrap_or_default();
            format!("{}:{port}", url.host_str().unwrap_or_default())
        }
        _ => target.as_str().to_owned(),
    }
}

impl Destinations {
    /// Counts a delivery that begins, unless it is refused.
    pub(super) fn begin(&self, place: &str) -> Admission {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST_KNOWN {
            known.retain(|_, place| place.under_way > 0);
        }
        let destination = known.entry(place.to_owned()).or_default();
        if destination.slow && destination.under_way >= SHARE {
            return Admission::Refused(destination.hold(Instant::now()));
        }
        destination.under_way += 1;
        if destination.slow {
            Admission::Slow
        } else {
            Admission::Prompt
        }
    }

    /// A delivery takes long.
    pub(super) fn is_slow(&self, place: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(destination) = known.get_mut(place) {
            destination.slow = true;
        }
    }

    /// A delivery has ended, promptly or not.
    pub(super) fn over(&self, place: &str, promptly: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(destination) = known.get_mut(place) else {
            return;
        };
        destination.under_way = destination.under_way.saturating_sub(1);
        if promptly {
            (destination.slow, destination.held_until) = (false, None);
        }
        if destination.under_way == 0 && !destination.slow {
            known.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_who_is_spoken_to() {
        let of = |url: &str| place(&HookTarget::url(url).unwrap());
        assert_eq!(of("http://core/service/1"), "core:80");
        assert_eq!(of("http://core:80/service/2?x=1"), "core:80");
        assert_eq!(of("https://user:secret@core/service/1"), "core:443");
        assert_eq!(place(&HookTarget::in_process("tasks")), "process:tasks");
    }

    #[test]
    fn a_place_that_is_slow_has_its_share_until_it_is_prompt_again() {
        let destinations = Destinations::default();
        for _ in 0..3 * SHARE {
            assert_eq!(destinations.begin("one"), Admission::Prompt);
        }
        destinations.is_slow("one");
        assert!(refused(destinations.begin("one")));
        assert_eq!(destinations.begin("other"), Admission::Prompt);
        for _ in 0..3 * SHARE {
            destinations.over("one", false);
        }
        for _ in 0..SHARE {
            assert_eq!(destinations.begin("one"), Admission::Slow);
        }
        assert!(refused(destinations.begin("one")));
        destinations.over("one", true);
        assert_eq!(destinations.begin("one"), Admission::Prompt);
    }

    fn refused(admission: Admission) -> bool {
        matches!(admission, Admission::Refused(_))
    }

    #[test]
    fn a_backlog_is_written_again_seldom() {
        let mut slow = Destination::default();
        let mut now = Instant::now();
        let end = now + Duration::from_mins(5);
        // Each is refused whenever it is looked at.
        let mut backlog = vec![now; 20_000];
        let mut writes = 0_u32;
        while now < end {
            for due in backlog.iter_mut().filter(|due| **due <= now) {
                let hold = slow.hold(now);
                assert!((SHORTEST_HOLD..=LONGEST_HOLD).contains(&hold));
                *due = now + hold;
                writes += 1;
            }
            now += Duration::from_secs(1);
        }
        // With a lease of ten seconds for each it would be 600,000.
        assert!(writes < 120_000, "{writes}");
        // A short one is looked at again soon.
        let mut slow = Destination::default();
        assert!((0..100).all(|_| slow.hold(now) < SHORTEST_HOLD + 100 * APART));
        // Nothing waits in turns that are over.
        assert_eq!(slow.hold(now + Duration::from_mins(1)), SHORTEST_HOLD);
    }

    #[test]
    fn what_is_known_of_places_is_bounded() {
        let destinations = Destinations::default();
        destinations.begin("busy");
        for number in 0..10 * MOST_KNOWN {
            let place = number.to_string();
            destinations.begin(&place);
            destinations.is_slow(&place);
            destinations.over(&place, false);
        }
        let known = destinations.0.lock().unwrap();
        assert!(known.len() <= MOST_KNOWN + 1 && known.contains_key("busy"));
    }
}
