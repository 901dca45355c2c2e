//! What becomes of a blob that is due for a review: a pure function of what the
//! transaction has found. The model (`tests/model/`) explores this one too.

use seawall_database::Timestamp;

/// What becomes of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something refers to it: out of the queue, until a reference ends.
    Keep,
    /// Somebody was promised it until a later time: to be looked at again then.
    Postpone,
    /// Nobody needs it.
    Collect,
}

/// Decides. `cutoff` is when a lease must have ended to be over for good.
pub fn verdict(referenced: bool, lease_until: Timestamp, cutoff: Timestamp) -> Verdict {
    if referenced {
        Verdict::Keep
    } else if lease_until > cutoff {
        Verdict::Postpone
    } else {
        Verdict::Collect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_refers_to_and_nobody_was_promised_is_collected() {
        let (before, cutoff, after) = (Timestamp(9), Timestamp(10), Timestamp(11));
        for (referenced, lease_until, expected) in [
            (false, before, Verdict::Collect),
            (false, cutoff, Verdict::Collect),
            (false, after, Verdict::Postpone),
            (true, before, Verdict::Keep),
            (true, after, Verdict::Keep),
        ] {
            assert_eq!(verdict(referenced, lease_until, cutoff), expected);
        }
    }
}
