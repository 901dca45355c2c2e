//! The end of an engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use seawall_jobs::{JobFailure, NewJob, Status};

use super::{PATIENCE, eventually, houses, quick};

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_what_runs_and_takes_nothing_new() {
    for house in houses().await {
        let begun = Arc::new(AtomicU32::new(0));
        let running = house
            .engine()
            .await
            .workers(4)
            .register(quick("A", {
                let begun = Arc::clone(&begun);
                move |_| {
                    let begun = Arc::clone(&begun);
                    async move {
                        begun.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        Ok(())
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        let jobs = (0..20).map(|_| NewJob::new("A")).collect();
        house.store.enqueue(jobs).await.unwrap();
        eventually("some run", || begun.load(Ordering::SeqCst) >= 4).await;
        running.drain(PATIENCE).await;
        let queues = house.store.queues().await.unwrap();
        let begun = u64::from(begun.load(Ordering::SeqCst));
        assert_eq!((queues[0].pending, queues[0].running), (20 - begun, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_past_its_deadline_gives_back_what_listens_and_what_does_not() {
    for house in houses().await {
        let begun = Arc::new(AtomicU32::new(0));
        let count = |begun: &Arc<AtomicU32>| begun.fetch_add(1, Ordering::SeqCst);
        let running = house
            .engine()
            .await
            .register(quick("LISTENS", {
                let begun = Arc::clone(&begun);
                move |context| {
                    count(&begun);
                    async move {
                        context.cancelled.cancelled().await;
                        Err(JobFailure::retryable("interrupted"))
                    }
                }
            }))
            .register(quick("DEAF", {
                let begun = Arc::clone(&begun);
                move |_| {
                    count(&begun);
                    std::future::pending::<Result<(), JobFailure>>()
                }
            }))
            .start()
            .await
            .unwrap();
        let listens = house.add(NewJob::new("LISTENS")).await;
        let deaf = house.add(NewJob::new("DEAF")).await;
        eventually("both run", || begun.load(Ordering::SeqCst) == 2).await;
        let started = Instant::now();
        running.drain(Duration::from_millis(50)).await;
        assert!(started.elapsed() < Duration::from_secs(20));
        for id in [&listens, &deaf] {
            let job = house.job(id).await;
            assert_eq!(
                (job.status, job.attempts, job.failures),
                (Status::Pending, 0, 0)
            );
        }
        // At once, without waiting for any lease to end.
        let next = house
            .engine()
            .await
            .register(quick("LISTENS", |_| async { Ok(()) }))
            .register(quick("DEAF", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        for id in [&listens, &deaf] {
            let job = house.wait_status(id, Status::Success).await;
            assert_eq!(job.attempts, 1);
        }
        next.drain(PATIENCE).await;
    }
}
