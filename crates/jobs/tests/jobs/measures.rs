//! How fast it is, for those who want to know; no test, since machines differ:
//! `cargo test --release -p seawall-jobs --test jobs measures -- --ignored --nocapture`

use std::time::{Duration, Instant};

use seawall_jobs::conformance::Place as _;
use seawall_jobs::{Clock, Engine, NewJob};

use crate::engine::quick;
use crate::receiver::Receiver;
use crate::stores::SqlPlace;

const JOBS: usize = 10_000;

/// How long until an idle engine begins a job.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn idle_pick_up() {
    for backing in seawall_testkit::databases() {
        let engine = backing.engine();
        let place = SqlPlace::new(backing).await;
        let store = place.open(Clock::Store).await;
        let (sender, mut begun) = tokio::sync::mpsc::channel(1);
        let running = Engine::builder(place.open(Clock::Store).await)
            .register(quick("NOTHING", move |_| {
                let sender = sender.clone();
                async move {
                    let _ = sender.send(Instant::now()).await;
                    Ok(())
                }
            }))
            .start()
            .await
            .unwrap();
        let mut waits = Vec::new();
        for _ in 0..1000 {
            let asked = Instant::now();
            store.enqueue(vec![NewJob::new("NOTHING")]).await.unwrap();
            waits.push(begun.recv().await.unwrap() - asked);
            // Idle again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waits.sort();
        let (median, p99) = (waits[500], waits[990]);
        println!("{engine:?}: idle pick-up, median {median:?}, p99 {p99:?}");
        running.drain(Duration::from_secs(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn jobs_a_second() {
    for (hooked, workers) in [(false, 10), (true, 10), (true, 100)] {
        for backing in seawall_testkit::databases() {
            let engine = backing.engine();
            let place = SqlPlace::new(backing).await;
            let store = place.open(Clock::Store).await;
            let receiver = Receiver::start().await;
            let new = NewJob {
                hook: hooked.then(|| receiver.hook()),
                ..NewJob::new("NOTHING")
            };
            let started = Instant::now();
            for _ in 0..JOBS / 500 {
                store.enqueue(vec![new.clone(); 500]).await.unwrap();
            }
            let enqueued = started.elapsed();
            let started = Instant::now();
            let running = Engine::builder(store.clone())
                .workers(workers)
                .register(quick("NOTHING", |_| async { Ok(()) }))
                .start()
                .await
                .unwrap();
            let mut left = 1;
            while left > 0 || (hooked && receiver.count() < 2 * JOBS) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let queues = store.queues().await.unwrap();
                left = queues
                    .iter()
                    .map(|queue| queue.pending + queue.running)
                    .sum();
            }
            let ran = started.elapsed();
            let rate = |time: Duration| 1000 * JOBS as u128 / time.as_millis().max(1);
            println!(
                "{engine:?}, {workers} workers, hooks {hooked}: accepted {}/s, ran {}/s",
                rate(enqueued),
                rate(ran)
            );
            running.drain(Duration::from_secs(10)).await;
        }
    }
}
