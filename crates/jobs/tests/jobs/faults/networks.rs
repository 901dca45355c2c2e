//! A replica that is cut off from the database while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::conformance::Place as _;
use seawall_jobs::{Clock, Engine, JobFailure, NewJob, SqlStore, Status};
use seawall_testkit::{Fault, FaultProxy};

use super::PATIENCE;
use crate::engine::{add, eventually, quick};
use crate::stores::SqlPlace;

const LEASE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_cut_off_ends_its_runs_and_another_takes_them() {
    let place = SqlPlace::new(seawall_testkit::postgres()).await;
    let url: url::Url = place.backing.url().parse().unwrap();
    let upstream = url.socket_addrs(|| None).unwrap()[0];
    let proxy = FaultProxy::start(upstream);
    let mut through_proxy = url.clone();
    through_proxy
        .set_port(Some(proxy.address().port()))
        .unwrap();
    let mut settings = DatabaseSettings::new(through_proxy.as_str().parse().unwrap());
    settings.statement_timeout = Duration::from_secs(2);
    settings.acquire_timeout = Duration::from_secs(2);
    let database = Database::open(&settings).await.unwrap();
    let cut_off_store = SqlStore::open(database, Clock::Store).await.unwrap();

    // On the one that is cut off the job goes on until it is told to end.
    let (begun, cancelled) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
    let slow = quick("A", {
        let (begun, cancelled) = (begun.clone(), cancelled.clone());
        move |context| {
            let (begun, cancelled) = (begun.clone(), cancelled.clone());
            async move {
                if begun.fetch_add(1, Ordering::SeqCst) > 0 {
                    return Ok(());
                }
                context.cancelled.cancelled().await;
                cancelled.store(true, Ordering::SeqCst);
                Err(JobFailure::permanent("must not be written"))
            }
        }
    });
    let cut_off = Engine::builder(Arc::new(cut_off_store))
        .lease(LEASE)
        .register(slow);
    let cut_off = cut_off.start().await.unwrap();
    let store = place.open(Clock::Store).await;
    let id = add(&*store, NewJob::new("A")).await;
    eventually("it runs", || begun.load(Ordering::SeqCst) == 1).await;

    let other_runs = Arc::<AtomicU32>::default();
    let other = Engine::builder(store.clone())
        .lease(LEASE)
        .register(quick("A", {
            let other_runs = other_runs.clone();
            move |_| {
                other_runs.fetch_add(1, Ordering::SeqCst);
                async { Ok(()) }
            }
        }));
    let other = other.start().await.unwrap();
    proxy.set(Fault::Hang);
    eventually("another runs it", || other_runs.load(Ordering::SeqCst) == 1).await;
    eventually("the run is told to end", || {
        cancelled.load(Ordering::SeqCst)
    })
    .await;
    let started = std::time::Instant::now();
    loop {
        let job = store.find(&id).await.unwrap().unwrap();
        if job.status == Status::Success {
            assert_eq!((job.attempts, job.failures), (2, 0));
            break;
        }
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    other.drain(PATIENCE).await;

    // The network is there again: so is the replica.
    proxy.set(Fault::None);
    add(&*store, NewJob::new("A")).await;
    eventually("it works again", || begun.load(Ordering::SeqCst) == 2).await;
    let job = store.find(&id).await.unwrap().unwrap();
    assert_eq!(
        (job.status, job.attempts),
        (Status::Success, 2),
        "what it said late is refused"
    );
    cut_off.drain(PATIENCE).await;
}
