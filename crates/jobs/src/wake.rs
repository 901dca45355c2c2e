//! How those who wait learn that there may be something for them. A store rings, an engine waits.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// What may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A job may be claimable, or a delay or schedule may be due earlier than was known.
    Jobs,
    /// A running job was stopped.
    Signals,
    /// A hook may be due.
    Hooks,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 3] = [Self::Jobs, Self::Signals, Self::Hooks];

    /// Its name on the wire, such as in a notification of PostgreSQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Signals => "signals",
            Self::Hooks => "hooks",
        }
    }

    /// The topic of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// The bells of a store, one for each topic.
#[derive(Debug)]
pub struct Bells([watch::Sender<()>; 3]);

impl Default for Bells {
    fn default() -> Self {
        Self(std::array::from_fn(|_| watch::Sender::new(())))
    }
}

impl Bells {
    /// Wakes everyone who waits for `topic`, and who will wait without having looked since.
    pub fn ring(&self, topic: Topic) {
        self.0[topic as usize].send_replace(());
    }

    /// Rings all of them: what was missed is not known.
    pub fn ring_all(&self) {
        for topic in Topic::ALL {
            self.ring(topic);
        }
    }

    /// Someone who waits for `topic`.
    pub fn listen(&self, topic: Topic) -> Waiter {
        Waiter(self.0[topic as usize].subscribe())
    }
}

/// Waits for one topic. What rang since the last wait is not lost: get it first, then look, then
/// wait.
#[derive(Clone, Debug)]
pub struct Waiter(watch::Receiver<()>);

impl Waiter {
    /// Returns when the bell has rung since the last call, or after `limit`.
    pub async fn wait(&mut self, limit: Duration) {
        if let Ok(Err(_)) = timeout(limit, self.0.changed()).await {
            // The store is gone; nothing will ring, so that the limit is what is left to wait for.
            tokio::time::sleep(limit).await;
        }
    }
}
