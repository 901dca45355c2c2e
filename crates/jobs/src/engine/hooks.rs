//! Empties the outbox of hooks: posts to URLs as Harbor does, calls receivers in the process.
//!
//! Only 200 counts as taken (Harbor `src/jobservice/hook/hook_client.go`). What was not taken is
//! tried again for as long as the job is kept, after 2 s at first and up to a minute later. A receiver
//! that hangs keeps the others waiting for two seconds at most: see `destinations`.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::destinations::{self, Admission, Destinations};
use super::start::Shared;
use crate::{Delivery, HookEvent, HookRequest, Topic};

/// The most deliveries at a time that have not turned out to be slow.
pub(super) const MOST: usize = 128;
/// The most deliveries at a time in all.
const MOST_IN_ALL: usize = 1024;
/// The longest that one delivery may take.
const LIMIT: Duration = Duration::from_secs(30);
/// One that takes longer than this is slow: it makes room for others, and its place has a
/// [share](super::destinations::SHARE) from then on.
const PROMPT: Duration = Duration::from_secs(2);
/// For how long nobody else delivers the same, unless it is held on to; so that what a deliverer
/// that died was at waits no longer.
const LEASE: Duration = Duration::from_secs(10);
/// A delivery that could not be held on to for so long is given up, before anybody else begins it.
const UNHELD: Duration = Duration::from_secs(6);
/// For how long a client of hooks may wait for its bytes to be acknowledged by the other side, so
/// that nothing of a delivery that was given up arrives later, after what others told.
pub const HOOK_TCP_TIMEOUT: Duration = Duration::from_secs(8);
/// The longest time between two looks at the outbox.
const LOOK: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(1);
/// What is read of an answer, so that its connection can be used again.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

type Settled = (HookEvent, Delivery);

/// Delivers what is due until the engine ends.
pub(super) async fn deliver(shared: Arc<Shared>) {
    let (sender, receiver) = mpsc::channel(MOST);
    let settled = watch::Sender::new(Instant::now());
    let heard = settled.subscribe();
    tokio::join!(
        hand_out(Arc::clone(&shared), sender, heard),
        settle(shared, receiver, settled)
    );
}

async fn hand_out(
    shared: Arc<Shared>,
    settled: mpsc::Sender<Settled>,
    heard: watch::Receiver<Instant>,
) {
    let mut bell = shared.store.listen(Topic::Hooks);
    let receivers: Vec<String> = shared.receivers.keys().cloned().collect();
    let (prompt, all) = (Semaphore::new(MOST), Semaphore::new(MOST_IN_ALL));
    let (prompt, all) = (Arc::new(prompt), Arc::new(all));
    let destinations = Arc::new(Destinations::default());
    loop {
        // Room for one is waited for; for more if there is.
        let (Ok(first), Ok(one)) = (prompt.acquire().await, all.acquire().await) else {
            return;
        };
        drop((first, one));
        let room = prompt.available_permits().min(all.available_permits());
        let request = HookRequest {
            urls: true,
            receivers: receivers.clone(),
            limit: u32::try_from(room.max(1)).unwrap_or(1),
            lease: LEASE,
        };
        let leased = Instant::now();
        match shared.store.due_hooks(request).await {
            Ok(events) if !events.is_empty() => {
                for event in events {
                    if leased.elapsed() > UNHELD {
                        // The answer was long in coming: somebody else may be at it.
                        break;
                    }
                    let place = destinations::place(&event.target);
                    let admission = destinations.begin(&place);
                    if let Admission::Refused(lease) = admission {
                        if settled
                            .send((event, Delivery::Held { lease }))
                            .await
                            .is_err()
                        {
                            return;
                        }
                        continue;
                    }
                    let Ok(room) = Arc::clone(&all).acquire_owned().await else {
                        return;
                    };
                    let prompt = match admission {
                        Admission::Prompt => Arc::clone(&prompt).acquire_owned().await.ok(),
                        Admission::Slow | Admission::Refused(_) => None,
                    };
                    let under_way = UnderWay {
                        shared: Arc::clone(&shared),
                        destinations: Arc::clone(&destinations),
                        place,
                        prompt,
                        leased,
                        settled: settled.clone(),
                        heard: heard.clone(),
                    };
                    shared.tracker.spawn(async move {
                        under_way.deliver(event).await;
                        drop(room);
                    });
                }
            }
            Ok(_) => bell.wait(LOOK).await,
            Err(error) => {
                tracing::warn!(%error, "hooks wait in the outbox");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// A delivery that goes on.
struct UnderWay {
    shared: Arc<Shared>,
    destinations: Arc<Destinations>,
    place: String,
    /// Held for as long as it is not slow.
    prompt: Option<OwnedSemaphorePermit>,
    /// The lease began after this.
    leased: Instant,
    settled: mpsc::Sender<Settled>,
    /// What was sent to be settled before this is.
    heard: watch::Receiver<Instant>,
}

impl UnderWay {
    async fn deliver(mut self, event: HookEvent) {
        let begun = Instant::now();
        let mut asked = None;
        let delivery = {
            let mut delivery = pin!(deliver_one(&self.shared, &event));
            loop {
                if let Ok(delivery) = timeout(PROMPT, &mut delivery).await {
                    break delivery;
                }
                self.destinations.is_slow(&self.place);
                drop(self.prompt.take());
                if asked.is_some_and(|asked| *self.heard.borrow() >= asked) {
                    self.leased = asked.unwrap_or(self.leased);
                }
                if self.leased.elapsed() > UNHELD {
                    tracing::warn!(job = %event.job.id, "a hook is given up: it cannot be held on to");
                    let retry_after = wait(event.tries);
                    break Delivery::Failed { retry_after };
                }
                let held = Delivery::Held { lease: LEASE };
                asked = Some(Instant::now());
                if self.settled.try_send((event.clone(), held)).is_err() {
                    asked = None;
                }
            }
        };
        let promptly = begun.elapsed() < PROMPT;
        self.destinations.over(&self.place, promptly);
        let _ = self.settled.send((event, delivery)).await;
    }
}

/// Writes what became of events, many at a time.
async fn settle(
    shared: Arc<Shared>,
    mut settled: mpsc::Receiver<Settled>,
    heard: watch::Sender<Instant>,
) {
    let mut batch = Vec::new();
    while settled.recv_many(&mut batch, MOST).await > 0 {
        let taken = Instant::now();
        let deliveries = std::mem::take(&mut batch);
        // An event that is not settled is delivered again when its lease ends.
        match shared.store.settle_hooks(deliveries).await {
            Ok(()) => drop(heard.send_replace(taken)),
            Err(error) => {
                tracing::warn!(%error, "hooks that were delivered will be delivered again");
            }
        }
    }
}

async fn deliver_one(shared: &Shared, event: &HookEvent) -> Delivery {
    let delivered = match event.target.receiver() {
        Some(name) => match shared.receivers.get(name) {
            Some(receiver) => {
                let taken = AssertUnwindSafe(async { receiver(event.clone()).await });
                match timeout(LIMIT, taken.catch_unwind()).await {
                    Ok(Ok(result)) => result,
                    Ok(Err(_)) => Err("the receiver panicked".to_owned()),
                    Err(_) => Err("the receiver has not answered in time".to_owned()),
                }
            }
            None => Err("there is no such receiver".to_owned()),
        },
        None => match timeout(LIMIT, post(shared, event)).await {
            Ok(result) => result,
            Err(_) => Err("it was not answered in time".to_owned()),
        },
    };
    match delivered {
        Ok(()) => Delivery::Delivered,
        Err(error) => {
            let retry_after = wait(event.tries);
            tracing::warn!(job = %event.job.id, status = %event.status(), tries = event.tries + 1,
                error, "a hook was not taken");
            Delivery::Failed { retry_after }
        }
    }
}

async fn post(shared: &Shared, event: &HookEvent) -> Result<(), String> {
    let body = event.body().to_string();
    let request = shared.client.post(event.target.as_str()).body(body);
    // The URL may hold a secret.
    let answer = request
        .send()
        .await
        .map_err(|error| describe(&error.without_url()))?;
    let status = answer.status();
    read_away(answer).await;
    if status == reqwest::StatusCode::OK {
        Ok(())
    } else {
        Err(format!("it was answered with {}", status.as_u16()))
    }
}

async fn read_away(mut answer: reqwest::Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MOST_ANSWER_BYTES {
            return;
        }
    }
}

/// An error and what is behind it.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Twice as long with each try, a half more or less at random.
fn wait(tries: u32) -> Duration {
    FIRST_RETRY
        .saturating_mul(1 << tries.min(10))
        .min(LONGEST_RETRY)
        .mul_f64(rand::random_range(0.5..1.5))
}
