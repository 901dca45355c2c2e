//! Concurrency over several engines, and pauses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seawall_jobs::{JobType, NewJob, Status};

use super::{PATIENCE, eventually, houses, quick};

/// Counters of the original drift until nothing runs; leases cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_never_runs_more_at_a_time_than_it_may_over_all_engines() {
    for house in houses().await {
        let now = Arc::new(AtomicU32::new(0));
        let most = Arc::new(AtomicU32::new(0));
        let done = Arc::new(AtomicU32::new(0));
        let limited = || {
            let (now, most, done) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&done));
            JobType {
                concurrency: Some(2),
                ..quick("A", move |_| {
                    let (now, most, done) = (now.clone(), most.clone(), done.clone());
                    async move {
                        let running = now.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(running, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(3)).await;
                        now.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    }
                })
            }
        };
        let mut engines = Vec::new();
        for _ in 0..3 {
            let engine = house.engine().await.workers(5).register(limited());
            engines.push(engine.start().await.unwrap());
        }
        let jobs = (0..100).map(|_| NewJob::new("A")).collect();
        house.store.enqueue(jobs).await.unwrap();
        eventually("all of them run", || done.load(Ordering::SeqCst) == 100).await;
        assert_eq!(most.load(Ordering::SeqCst), 2);
        for engine in engines {
            engine.drain(PATIENCE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_resumed_goes_on_at_once() {
    for house in houses().await {
        let running = house
            .engine()
            .await
            .register(quick("A", |_| async { Ok(()) }))
            .register(quick("B", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        house.store.set_paused("A", true).await.unwrap();
        let paused = house.add(NewJob::new("A")).await;
        let other = house.add(NewJob::new("B")).await;
        house.wait_status(&other, Status::Success).await;
        assert_eq!(house.job(&paused).await.status, Status::Pending);
        house.store.set_paused("A", false).await.unwrap();
        house.wait_status(&paused, Status::Success).await;
        running.drain(PATIENCE).await;
    }
}
