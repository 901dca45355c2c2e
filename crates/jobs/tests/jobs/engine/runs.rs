//! Running jobs: success, failure, panic, retries, cancellation.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use seawall_jobs::store::JobSelector;
use seawall_jobs::{JobFailure, JobType, NewJob, Outcome, Progress, StartError, Status};
use serde_json::json;

use super::{PATIENCE, eventually, houses, quick};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_with_its_parameters_and_succeeds() {
    for house in houses().await {
        let had = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(Mutex::new(Vec::new()));
        let running = house
            .engine()
            .await
            .register(JobType::new("A", {
                let had = Arc::clone(&had);
                move |context| {
                    had.lock().unwrap().push(context.parameters()["n"].clone());
                    async { Ok(()) }
                }
            }))
            .on_end(Arc::new({
                let ends = Arc::clone(&ends);
                move |job, outcome, took| {
                    assert!(took < PATIENCE);
                    ends.lock()
                        .unwrap()
                        .push((job.name.clone(), outcome.clone()));
                }
            }))
            .start()
            .await
            .unwrap();
        let mut job = NewJob::new("A");
        job.parameters.insert("n".to_owned(), json!(7));
        let id = house.add(job).await;
        let done = house.wait_status(&id, Status::Success).await;
        assert_eq!((done.attempts, done.failures), (1, 0));
        assert_eq!(*had.lock().unwrap(), [json!(7)]);
        assert_eq!(*ends.lock().unwrap(), [("A".to_owned(), Outcome::Success)]);
        let pools = house.store.pools().await.unwrap();
        assert_eq!(pools.len(), 1);
        assert_eq!(
            (&*pools[0].id, pools[0].pid),
            (running.pool(), std::process::id())
        );
        running.drain(PATIENCE).await;
        assert!(house.store.pools().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_its_attempt_and_nothing_else() {
    for house in houses().await {
        let running = house
            .engine()
            .await
            .workers(1)
            .register(JobType {
                max_attempts: 1,
                ..quick("PANIC", |_| async { panic!("the ground shook") })
            })
            .register(JobType {
                max_attempts: 1,
                ..quick("EARLY", |_| -> std::future::Ready<_> {
                    panic!("before it began")
                })
            })
            .register(quick("FINE", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        for (name, message) in [("PANIC", "the ground shook"), ("EARLY", "before it began")] {
            let id = house.add(NewJob::new(name)).await;
            let job = house.wait_status(&id, Status::Error).await;
            let error = job.error.unwrap();
            assert!(
                error.contains("panicked") && error.contains(message),
                "{error}"
            );
        }
        let id = house.add(NewJob::new("FINE")).await;
        house.wait_status(&id, Status::Success).await;
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_tried_again_until_they_are_used_up() {
    for house in houses().await {
        let calls = Arc::new(AtomicU32::new(0));
        let failing = {
            let calls = Arc::clone(&calls);
            move |context: seawall_jobs::JobContext| {
                calls.fetch_add(1, Ordering::SeqCst);
                let number = context.attempt.number;
                async move { Err(JobFailure::retryable(format_args!("failure {number}"))) }
            }
        };
        let running = house
            .engine()
            .await
            .register(JobType {
                max_attempts: 3,
                ..quick("A", failing)
            })
            .register(quick("PERMANENT", |_| async {
                Err(JobFailure::permanent("no use"))
            }))
            .register(JobType {
                retry: false,
                ..quick("ONCE", |_| async { Err(JobFailure::retryable("once")) })
            })
            .start()
            .await
            .unwrap();
        let id = house.add(NewJob::new("A")).await;
        let job = house.wait_status(&id, Status::Error).await;
        assert_eq!((job.attempts, job.failures), (3, 3));
        assert_eq!(job.error.as_deref(), Some("failure 3"));
        assert_eq!(calls.load(Ordering::SeqCst), 3);
        let history = house.store.attempts(&id).await.unwrap();
        let messages: Vec<_> = history.iter().map(|one| &*one.message).collect();
        assert_eq!(messages, ["failure 1", "failure 2", "failure 3"]);

        let twice = house
            .add(NewJob {
                max_attempts: Some(2),
                ..NewJob::new("A")
            })
            .await;
        assert_eq!(house.wait_status(&twice, Status::Error).await.failures, 2);
        for name in ["PERMANENT", "ONCE"] {
            let id = house.add(NewJob::new(name)).await;
            assert_eq!(
                house.wait_status(&id, Status::Error).await.failures,
                1,
                "{name}"
            );
        }
        running.drain(PATIENCE).await;
    }
}

/// Stop is ignored inside a long copy: the token reaches into whatever waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reaches_into_a_running_job_at_once() {
    for house in houses().await {
        let ended = Arc::new(Mutex::new(None));
        let running = house
            .engine()
            .await
            .register(quick("LONG", {
                let ended = Arc::clone(&ended);
                move |context| {
                    let ended = Arc::clone(&ended);
                    async move {
                        tokio::select! {
                            () = context.cancelled.cancelled() => {}
                            () = std::future::pending() => {}
                        }
                        *ended.lock().unwrap() = Some(Instant::now());
                        Err(JobFailure::retryable("cut short"))
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        let id = house.add(NewJob::new("LONG")).await;
        house.wait_status(&id, Status::Running).await;
        let asked = Instant::now();
        let selector = JobSelector::Job(id.clone());
        assert_eq!(house.store.stop(selector, 1).await.unwrap().jobs, 1);
        assert_eq!(house.job(&id).await.status, Status::Stopped);
        eventually("the run ends", || ended.lock().unwrap().is_some()).await;
        let took = ended.lock().unwrap().unwrap() - asked;
        // A heartbeat comes after five seconds: this one came since the bell rang.
        assert!(took < Duration::from_secs(4), "{took:?}");
        eventually("the run is over", || running.running() == 0).await;
        running.drain(PATIENCE).await;
        assert_eq!(house.job(&id).await.status, Status::Stopped);
        assert_eq!(house.job(&id).await.failures, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_how_far_it_is() {
    for house in houses().await {
        let go_on = Arc::new(tokio::sync::Notify::new());
        let running = house
            .engine()
            .await
            .register(quick("A", {
                let go_on = Arc::clone(&go_on);
                move |context| {
                    let go_on = Arc::clone(&go_on);
                    async move {
                        let progress = |done| Progress {
                            done,
                            total: Some(9),
                            message: "blobs".to_owned(),
                        };
                        context.progress(progress(1));
                        context.progress(progress(2));
                        assert!(context.check_in("still here").await);
                        let large = "x".repeat(seawall_jobs::MOST_CHECK_IN_BYTES + 1);
                        assert!(!context.check_in(large).await, "too large");
                        go_on.notified().await;
                        context.progress(Progress {
                            message: "ä".repeat(100_000),
                            ..progress(9)
                        });
                        Ok(())
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        let id = house.add(NewJob::new("A")).await;
        let started = Instant::now();
        while house
            .job(&id)
            .await
            .progress
            .is_none_or(|progress| progress.done != 2)
        {
            assert!(started.elapsed() < PATIENCE);
            super::pause().await;
        }
        assert!(!house.job(&id).await.check_in_at.is_never());
        go_on.notify_one();
        let done = house.wait_status(&id, Status::Success).await;
        assert_eq!(
            done.progress.unwrap().done,
            9,
            "the last is written before the end"
        );
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_types_of_one_name_are_refused() {
    let house = houses().await.remove(0);
    let engine = house
        .engine()
        .await
        .register(quick("A", |_| async { Ok(()) }))
        .register(quick("A", |_| async { Ok(()) }));
    let refused = engine.start().await;
    assert!(matches!(refused, Err(StartError::Duplicate(name)) if name == "A"));
}

/// The original polls: up to 5 s until an idle worker picks a job up.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_engine_picks_a_job_up_in_milliseconds() {
    for house in houses().await {
        let (sender, mut started) = tokio::sync::mpsc::channel(1);
        let running = house
            .engine()
            .await
            .register(quick("A", move |_| {
                let sender = sender.clone();
                async move {
                    sender.send(Instant::now()).await.unwrap();
                    Ok(())
                }
            }))
            .start()
            .await
            .unwrap();
        let mut waits = Vec::new();
        for _ in 0..seawall_testkit::rounds(60, 1000) {
            let asked = Instant::now();
            house.add(NewJob::new("A")).await;
            waits.push(started.recv().await.unwrap() - asked);
            // Idle again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waits.sort();
        let (median, p99) = (waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
        println!(
            "{:?}: median {median:?}, p99 {p99:?}",
            house.place.backing.engine()
        );
        // Without a bell it would be a second on average and two at most. The machine is busy with
        // other tests; what an idle one does is for `measures` to say.
        assert!(median < Duration::from_millis(400), "{median:?}");
        assert!(p99 < Duration::from_millis(1500), "{p99:?}");
        running.drain(PATIENCE).await;
    }
}
