//! Wakes those who wait, in this process at once and in others through the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use seawall_database::{Database, Heard, Listener};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::{Bells, StoreError, Topic, Waiter};

const CHANNEL: &str = "seawall_jobs";
/// What happens within this time is announced once: at commit, PostgreSQL lets only one
/// transaction notify at a time.
const GATHER: Duration = Duration::from_millis(5);

/// The bells of a store, and the two tasks that carry their sound to other processes and back.
#[derive(Debug)]
pub(super) struct Announcer {
    bells: Arc<Bells>,
    pending: Arc<Pending>,
    tasks: [JoinHandle<()>; 2],
}

/// Topics that are to be announced, a bit each.
#[derive(Debug, Default)]
struct Pending {
    topics: AtomicU8,
    notify: Notify,
}

impl Announcer {
    pub(super) async fn start(database: Database) -> Result<Arc<Self>, StoreError> {
        let bells = Arc::new(Bells::default());
        let pending = Arc::new(Pending::default());
        let name = crate::JobId::random().to_string();
        let listener = database.listen(CHANNEL).await?;
        let tasks = [
            tokio::spawn(hear(listener, Arc::clone(&bells), name.clone())),
            tokio::spawn(tell(database, Arc::clone(&pending), name)),
        ];
        Ok(Arc::new(Self {
            bells,
            pending,
            tasks,
        }))
    }

    pub(super) fn listen(&self, topic: Topic) -> Waiter {
        self.bells.listen(topic)
    }

    pub(super) fn ring(&self, topic: Topic) {
        self.bells.ring(topic);
        self.pending
            .topics
            .fetch_or(1 << topic as u8, Ordering::AcqRel);
        self.pending.notify.notify_one();
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Rings what other processes announce.
async fn hear(mut listener: Listener, bells: Arc<Bells>, own_name: String) {
    loop {
        match listener.next().await {
            Heard::Message(message) => {
                if let Some((name, topic)) = message.split_once(' ')
                    && name != own_name
                    && let Some(topic) = Topic::from_name(topic)
                {
                    bells.ring(topic);
                }
            }
            Heard::Gap => bells.ring_all(),
            Heard::Closed => return,
        }
    }
}

/// Announces to other processes what was rung here.
async fn tell(database: Database, pending: Arc<Pending>, own_name: String) {
    loop {
        pending.notify.notified().await;
        let topics = pending.topics.swap(0, Ordering::AcqRel);
        for topic in Topic::ALL {
            if topics & (1 << topic as u8) == 0 {
                continue;
            }
            let message = format!("{own_name} {}", topic.as_str());
            if let Err(error) = database.notify(CHANNEL, &message).await {
                // They look by themselves every few seconds.
                tracing::debug!(%error, "other processes do not hear what happened to jobs");
            }
        }
        tokio::time::sleep(GATHER).await;
    }
}
