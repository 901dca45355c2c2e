//! Schedules and delays by the real clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seawall_database::Timestamp;
use seawall_jobs::store::JobSelector;
use seawall_jobs::{NewJob, NewSchedule, Status};

use super::{PATIENCE, eventually, houses, quick};

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_runs_once_for_each_slot_over_all_engines() {
    for house in houses().await {
        let had = Arc::new(Mutex::new(BTreeMap::<i64, u32>::new()));
        let mut engines = Vec::new();
        for _ in 0..3 {
            let had = Arc::clone(&had);
            let engine = house.engine().await.register(quick("A", move |context| {
                let slot = context.job.id.slot().unwrap();
                *had.lock().unwrap().entry(slot).or_default() += 1;
                async { Ok(()) }
            }));
            engines.push(engine.start().await.unwrap());
        }
        let schedule = NewSchedule::new("A", "* * * * * *".parse().unwrap());
        let id = house.store.put_schedule(schedule).await.unwrap().id;
        eventually("some slots have come", || had.lock().unwrap().len() >= 4).await;
        let selector = JobSelector::Job(id);
        house.store.stop(selector, 10).await.unwrap();
        let had = had.lock().unwrap().clone();
        assert!(had.values().all(|times| *times == 1), "{had:?}");
        let (first, last) = (had.keys().min().unwrap(), had.keys().max().unwrap());
        assert_eq!(
            usize::try_from(last - first).unwrap() + 1,
            had.len(),
            "none is missing"
        );
        for engine in engines {
            engine.drain(PATIENCE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_job_runs_when_its_time_has_come() {
    for house in houses().await {
        let running = house
            .engine()
            .await
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        let run_at = house
            .store
            .now()
            .await
            .unwrap()
            .plus(Duration::from_millis(700));
        let id = house
            .add(NewJob {
                run_at: Some(run_at),
                ..NewJob::new("A")
            })
            .await;
        assert_eq!(house.job(&id).await.status, Status::Scheduled);
        let done = house.wait_status(&id, Status::Success).await;
        assert!(done.update_time >= run_at);
        let late = Timestamp(done.update_time.0 - run_at.0);
        assert!(late.0 < 4_000_000, "it did not wait to be polled: {late:?}");
        running.drain(PATIENCE).await;
    }
}
