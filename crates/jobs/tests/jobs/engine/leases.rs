//! Workers that die, and workers that lose their lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seawall_database::{Database, params};
use seawall_jobs::{Engine, JobFailure, NewJob, Status};

use super::watched::Watched;
use super::{PATIENCE, eventually, houses, quick};

/// Short, but so long that a busy machine does not lose it.
const LEASE: Duration = Duration::from_secs(2);
/// Two engines and their databases on a busy machine do not lose this one.
const LONG_LEASE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_elsewhere_when_its_engine_dies() {
    for house in houses().await {
        let stuck = quick("A", |_| std::future::pending::<Result<(), JobFailure>>());
        let first = house.engine().await.lease(LEASE).register(stuck);
        let first = first.start().await.unwrap();
        let id = house.add(NewJob::new("A")).await;
        house.wait_status(&id, Status::Running).await;
        drop(first);
        let second = house
            .engine()
            .await
            .lease(LEASE)
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        let job = house.wait_status(&id, Status::Success).await;
        assert_eq!(
            (job.attempts, job.failures),
            (2, 0),
            "a lost worker is no failure"
        );
        second.drain(PATIENCE).await;
    }
}

/// A wall-clock reaper marks long work as failed while it goes on; a heartbeat does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_keeps_its_lease_by_heartbeats() {
    for house in houses().await {
        let engines = async || {
            let long = quick("A", |_| async {
                tokio::time::sleep(2 * LONG_LEASE).await;
                Ok(())
            });
            let engine = house.engine().await.lease(LONG_LEASE).register(long);
            engine.start().await.unwrap()
        };
        let (one, other) = (engines().await, engines().await);
        let id = house.add(NewJob::new("A")).await;
        let job = house.wait_status(&id, Status::Success).await;
        assert_eq!(job.attempts, 1);
        one.drain(PATIENCE).await;
        other.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_lost_its_lease_is_cancelled_and_its_end_is_refused() {
    for house in houses().await {
        let (runs, cut) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let running = house
            .engine()
            .await
            .lease(LEASE)
            .register(quick("A", {
                let (runs, cut) = (Arc::clone(&runs), Arc::clone(&cut));
                move |context| {
                    let (runs, cut) = (Arc::clone(&runs), Arc::clone(&cut));
                    async move {
                        if runs.fetch_add(1, Ordering::SeqCst) > 0 {
                            return Ok(());
                        }
                        context.cancelled.cancelled().await;
                        assert!(!context.check_in("too late").await);
                        cut.fetch_add(1, Ordering::SeqCst);
                        Err(JobFailure::permanent("must not be written"))
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        let id = house.add(NewJob::new("A")).await;
        house.wait_status(&id, Status::Running).await;
        // As if the process had been frozen for longer than its lease.
        end_leases(&house.place.database).await;
        house.store.rescue(10).await.unwrap();
        eventually("the run is cut off", || cut.load(Ordering::SeqCst) == 1).await;
        let job = house.wait_status(&id, Status::Success).await;
        assert_eq!((job.attempts, job.failures, job.error), (2, 0, None));
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_do_not_wait_for_a_pool_to_be_registered_again() {
    for house in houses().await {
        let store = Watched::new(Arc::clone(&house.store));
        let running = Engine::builder(Arc::clone(&store) as _)
            .lease(Duration::from_millis(150))
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        store.delay("register_pool", 10 * PATIENCE);
        eventually("it is registered again, and again", || {
            store.count("register_pool") >= 3
        })
        .await;
        let calls = store.calls();
        let again = calls.iter().rposition(|call| *call == "register_pool");
        let beats = calls[..again.unwrap()].iter();
        assert!(beats.filter(|call| **call == "heartbeat").count() >= 20);
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_removed_has_no_heartbeat_after_that() {
    for house in houses().await {
        let store = Watched::new(Arc::clone(&house.store));
        let running = Engine::builder(Arc::clone(&store) as _)
            .lease(Duration::from_millis(150))
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        eventually("its heart beats", || store.count("heartbeat") > 0).await;
        store.delay("remove_pool", Duration::from_secs(1));
        running.drain(PATIENCE).await;
        let calls = store.calls();
        let removed = calls.iter().position(|call| *call == "remove_pool");
        let after = &calls[removed.unwrap()..];
        assert!(
            !after.contains(&"heartbeat") && !after.contains(&"register_pool"),
            "{after:?}"
        );
        assert!(house.store.pools().await.unwrap().is_empty());
    }
}

async fn end_leases(database: &Database) {
    let ended: u64 = database
        .write(|tx| {
            Box::pin(async move {
                let end = "UPDATE jobs SET lease_until = 1 WHERE token IS NOT NULL";
                tx.execute(end, params![]).await
            })
        })
        .await
        .map_err(|error: seawall_database::DatabaseError| error)
        .unwrap();
    assert_eq!(ended, 1);
}
