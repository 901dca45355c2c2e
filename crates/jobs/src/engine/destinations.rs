//! Where hooks go, and which of these places are slow: so that one that hangs does not keep the hooks
//! of others waiting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::HookTarget;

/// The most deliveries at a time to a place that is slow.
pub(super) const SHARE: usize = 32;
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
}

/// What may be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It goes where deliveries take moments.
    Prompt,
    /// It goes to a place that is slow.
    Slow,
    /// A place that is slow has its share: it has to wait.
    Refused,
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
            return Admission::Refused;
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
        destination.slow &= !promptly;
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
        assert_eq!(destinations.begin("one"), Admission::Refused);
        assert_eq!(destinations.begin("other"), Admission::Prompt);
        for _ in 0..3 * SHARE {
            destinations.over("one", false);
        }
        for _ in 0..SHARE {
            assert_eq!(destinations.begin("one"), Admission::Slow);
        }
        assert_eq!(destinations.begin("one"), Admission::Refused);
        destinations.over("one", true);
        assert_eq!(destinations.begin("one"), Admission::Prompt);
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
