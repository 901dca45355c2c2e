//! One writer at a time for each upload, within this process. A later request
//! takes the upload over from an earlier one, which mostly is what a client left
//! behind when its connection broke. Among replicas the row's fenced lease does
//! the same (`turn.rs`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, watch};

use crate::{ContentError, UploadId};

/// The writers of all uploads.
pub(crate) struct Turns {
    slots: Arc<Mutex<HashMap<UploadId, Slot>>>,
    active: Arc<Semaphore>,
}

#[derive(Clone)]
struct Slot {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The number of the newest request.
    newest: watch::Sender<u64>,
}

/// The right to write an upload; ends when it is dropped.
pub(crate) struct LocalTurn {
    id: UploadId,
    number: u64,
    newest: watch::Receiver<u64>,
    slots: Arc<Mutex<HashMap<UploadId, Slot>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(crate) fn new(max_active: usize) -> Self {
        Self {
            slots: Arc::default(),
            active: Arc::new(Semaphore::new(max_active.max(1))),
        }
    }

    /// Asks the present writer to stop and waits for it.
    pub(crate) async fn take(
        &self,
        id: UploadId,
        wait: Duration,
    ) -> Result<LocalTurn, ContentError> {
        // The receiver is made under the lock, since it is what keeps the slot
        // in the map; and before the wait, so that giving up cleans up as well.
        let (slot_turn, mut turn) = {
            let mut slots = lock(&self.slots);
            let slot = slots.entry(id).or_insert_with(|| Slot {
                turn: Arc::default(),
                newest: watch::Sender::new(0),
            });
            slot.newest.send_modify(|newest| *newest += 1);
            let turn = LocalTurn {
                id,
                number: *slot.newest.borrow(),
                newest: slot.newest.subscribe(),
                slots: Arc::clone(&self.slots),
                guard: None,
            };
            (Arc::clone(&slot.turn), turn)
        };
        match tokio::time::timeout(wait, slot_turn.lock_owned()).await {
            Ok(guard) => turn.guard = Some(guard),
            Err(_) => return Err(ContentError::UploadBusy),
        }
        Ok(turn)
    }

    /// Whether a request writes the upload or waits to.
    pub(crate) fn is_taken(&self, id: UploadId) -> bool {
        lock(&self.slots).contains_key(&id)
    }

    /// Waits a little for a present writer to end by itself: its connection may
    /// have broken this very moment, and what came is being written down.
    pub(crate) async fn settle(&self, id: UploadId, wait: Duration) {
        let slot = lock(&self.slots).get(&id).cloned();
        if let Some(slot) = slot {
            drop(tokio::time::timeout(wait, slot.turn.lock()).await);
        }
    }

    /// A place among those who may write at the same time.
    pub(crate) async fn permit(
        &self,
        wait: Duration,
    ) -> Result<OwnedSemaphorePermit, ContentError> {
        match tokio::time::timeout(wait, Arc::clone(&self.active).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ContentError::TooManyUploads),
        }
    }
}

impl LocalTurn {
    /// Returns when a later request wants the upload.
    pub(crate) async fn lost(&mut self) {
        let number = self.number;
        if self
            .newest
            .wait_for(|newest| *newest > number)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for LocalTurn {
    fn drop(&mut self) {
        self.guard = None;
        let mut slots = lock(&self.slots);
        // The map and nobody else: each turn, waiting or not, holds a receiver.
        if slots
            .get(&self.id)
            .is_some_and(|slot| slot.newest.receiver_count() <= 1)
        {
            slots.remove(&self.id);
        }
    }
}

fn lock(slots: &Mutex<HashMap<UploadId, Slot>>) -> MutexGuard<'_, HashMap<UploadId, Slot>> {
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn never_two_at_the_same_time_and_nothing_left_behind() {
        let turns = Arc::new(Turns::new(4));
        let ids = [UploadId::random(), UploadId::random()];
        let writing = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let tasks: Vec<_> = (0..64)
            .map(|task| {
                let (turns, writing) = (Arc::clone(&turns), Arc::clone(&writing));
                tokio::spawn(async move {
                    for round in 0..200 {
                        let at = (task + round) % 2;
                        let wait = Duration::from_millis(20);
                        let Ok(turn) = turns.take(ids[at], wait).await else {
                            continue;
                        };
                        assert_eq!(writing[at].fetch_add(1, Ordering::SeqCst), 0);
                        tokio::task::yield_now().await;
                        assert_eq!(writing[at].fetch_sub(1, Ordering::SeqCst), 1);
                        drop(turn);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(ids.iter().all(|id| !turns.is_taken(*id)));
    }

    #[tokio::test]
    async fn a_later_request_is_noticed_and_its_own_turn_lasts() {
        let turns = Turns::new(1);
        let id = UploadId::random();
        let mut first = turns.take(id, Duration::from_secs(5)).await.unwrap();
        let second = turns.take(id, Duration::from_secs(5));
        let (mut second, ()) = tokio::join!(async { second.await.unwrap() }, async {
            first.lost().await;
            drop(first);
        });
        let lost = tokio::time::timeout(Duration::from_millis(20), second.lost()).await;
        assert!(lost.is_err(), "nobody came after it");
    }
}
