//! What a connection is doing and since when: written by its stream and its requests, read by the task that drives it
//! (`connection.rs`), which ends connections that wait too long. One word each, so that a request pays no timer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between two requests.
    Idle,
    /// Some bytes of a request's head came, not yet all.
    Head,
    /// A request is being answered.
    Active {
        /// The client does not take what we want to send.
        write_blocked: bool,
    },
}

/// The state shared by a connection's stream, requests and driver.
#[derive(Debug)]
pub(crate) struct Activity {
    requests: AtomicU32,
    head: AtomicBool,
    write_blocked: AtomicBool,
    body_left: AtomicBool,
    since_ms: AtomicU64,
    tracks_heads: bool,
}

/// Milliseconds since the first call in this process.
fn now_ms() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Activity {
    /// A connection that was just opened. `tracks_heads` is false for HTTP/2, where bytes between requests are no head.
    pub(crate) fn new(tracks_heads: bool) -> Activity {
        Activity {
            requests: AtomicU32::new(0),
            head: AtomicBool::new(false),
            write_blocked: AtomicBool::new(false),
            body_left: AtomicBool::new(false),
            since_ms: AtomicU64::new(now_ms()),
            tracks_heads,
        }
    }

    /// Bytes came in.
    pub(crate) fn received(&self) {
        let running = self.requests.load(Ordering::Relaxed) > 0;
        // Only the first byte of a head starts its clock.
        if running || !self.tracks_heads || !self.head.swap(true, Ordering::Relaxed) {
            self.touch();
        }
    }

    /// Bytes went out.
    pub(crate) fn sent(&self) {
        self.write_blocked.store(false, Ordering::Relaxed);
        self.touch();
    }

    /// The client's window is full.
    pub(crate) fn write_blocked(&self) {
        self.write_blocked.store(true, Ordering::Relaxed);
    }

    /// A whole head came; the request counts as running until [`Activity::request_ended`].
    pub(crate) fn request_began(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head.store(false, Ordering::Relaxed);
        self.touch();
    }

    /// The response's body was handed over or given up.
    pub(crate) fn request_ended(&self) {
        self.touch();
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// A request was answered before its body was read: the client may still be sending it.
    pub(crate) fn body_left(&self) {
        self.body_left.store(true, Ordering::Relaxed);
    }

    /// Whether that ever happened on this connection.
    pub(crate) fn is_body_left(&self) -> bool {
        self.body_left.load(Ordering::Relaxed)
    }

    /// Where the connection stands, and for how long without progress.
    pub(crate) fn phase(&self) -> (Phase, Duration) {
        let write_blocked = self.write_blocked.load(Ordering::Relaxed);
        let phase = if self.requests.load(Ordering::Relaxed) > 0 || write_blocked {
            Phase::Active { write_blocked }
        } else if self.tracks_heads && self.head.load(Ordering::Relaxed) {
            Phase::Head
        } else {
            Phase::Idle
        };
        let since = self.since_ms.load(Ordering::Relaxed);
        (phase, Duration::from_millis(now_ms().saturating_sub(since)))
    }

    fn touch(&self) {
        self.since_ms.store(now_ms(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_walks_through_the_phases() {
        let activity = Activity::new(true);
        assert_eq!(activity.phase().0, Phase::Idle);
        activity.received();
        assert_eq!(activity.phase().0, Phase::Head);
        activity.request_began();
        activity.write_blocked();
        assert_eq!(
            activity.phase().0,
            Phase::Active {
                write_blocked: true
            }
        );
        activity.sent();
        activity.request_ended();
        assert_eq!(activity.phase().0, Phase::Idle);
    }

    #[test]
    fn bytes_between_requests_of_http2_are_no_head() {
        let activity = Activity::new(false);
        activity.received();
        assert_eq!(activity.phase().0, Phase::Idle);
    }
}
