//! Empties the outbox of hooks: posts to URLs as Harbor does, calls receivers in the process.
//!
//! Only 200 counts as taken (Harbor `src/jobservice/hook/hook_client.go`). What was not taken is
//! tried again for as long as the job is kept, after 2 s at first and up to a minute later.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::start::Shared;
use crate::{Delivery, HookEvent, HookRequest, Topic};

/// The most deliveries at a time.
pub(super) const MOST: usize = 128;
/// The longest that one delivery may take.
const LIMIT: Duration = Duration::from_secs(30);
/// For how long nobody else delivers the same.
const LEASE: Duration = Duration::from_secs(40);
/// The longest time between two looks at the outbox.
const LOOK: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(1);
/// What is read of an answer, so that its connection can be used again.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

type Settled = (HookEvent, Delivery);

/// Delivers what is due until the engine ends.
pub(super) async fn deliver(shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(MOST));
    let (sender, receiver) = mpsc::channel(MOST);
    tokio::join!(
        hand_out(Arc::clone(&shared), places, sender),
        settle(shared, receiver)
    );
}

async fn hand_out(shared: Arc<Shared>, places: Arc<Semaphore>, settled: mpsc::Sender<Settled>) {
    let mut bell = shared.store.listen(Topic::Hooks);
    let receivers: Vec<String> = shared.receivers.keys().cloned().collect();
    loop {
        let Ok(first) = places.acquire().await else {
            return;
        };
        drop(first);
        let request = HookRequest {
            urls: true,
            receivers: receivers.clone(),
            limit: u32::try_from(places.available_permits()).unwrap_or(1),
            lease: LEASE,
        };
        match shared.store.due_hooks(request).await {
            Ok(events) if !events.is_empty() => {
                for event in events {
                    let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                        return;
                    };
                    let (shared, settled) = (Arc::clone(&shared), settled.clone());
                    shared.clone().tracker.spawn(async move {
                        let delivery = deliver_one(&shared, &event).await;
                        let _ = settled.send((event, delivery)).await;
                        drop(place);
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

/// Writes what became of events, many at a time.
async fn settle(shared: Arc<Shared>, mut settled: mpsc::Receiver<Settled>) {
    let mut batch = Vec::new();
    while settled.recv_many(&mut batch, MOST).await > 0 {
        let deliveries = std::mem::take(&mut batch);
        // An event that is not settled is delivered again when its lease ends.
        if let Err(error) = shared.store.settle_hooks(deliveries).await {
            tracing::warn!(%error, "hooks that were delivered will be delivered again");
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
