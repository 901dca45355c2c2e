//! What users of the original engine report, line by line: that it cannot happen here.
//!
//! | what was reported | the test |
//! |---|---|
//! | a job is in the queue before its record is, and is lost | [`an_accepted_job_is_known_to_whoever_runs_it`] |
//! | jobs and schedules are gone or stuck after a restart | [`nothing_is_stuck_or_lost_after_a_crash`], `faults::kills`, `faults::restarts` |
//! | an execution stays Running though its tasks are done | `hooks::…_in_order` of the suite (status and hook are one transaction), `faults` |
//! | hooks are lost at shutdown | `engine::hooks::hooks_outlive_the_engine_and_a_receiver_that_is_down` |
//! | a job starts many times while its hook times out | [`a_hook_that_hangs_starts_nothing_again`] |
//! | a schedule runs twice, or overlaps itself | `schedules` of the suite, `engine::schedules` |
//! | counters of running jobs drift until nothing runs | [`a_limited_type_goes_on_whatever_dies`], `queue::racing_claimers_never_exceed_the_limit` of the suite |
//! | a stop is ignored, or undone by a retry | `engine::runs::a_stop_reaches_into_a_running_job_at_once`, `stops` of the suite |
//! | stopping a long queue hurts the store | `stops::ten_thousand_pending_jobs_are_stopped_in_batches` of the suite |
//! | old records pile up | `views::old_jobs_are_swept_with_all_that_is_theirs` of the suite |
//! | one kind of work starves the others | `queue::tenants_take_turns`, `queue::a_type_with_a_head_start_…` of the suite |
//! | long work is marked as failed while it goes on | `engine::leases::a_long_run_keeps_its_lease_by_heartbeats` |
//! | a job without a hook fails when it checks in | [`a_job_without_a_hook_checks_in_and_leaves_nothing_behind`] |
//! | a slot that ran is run again | [`a_slot_that_ran_does_not_run_again`] |
//! | a retry overwrites the log of the first attempt | `engine::logs::attempts_append_to_one_log_…` |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use seawall_jobs::conformance::Place as _;
use seawall_jobs::{Clock, HookTarget, JobFailure, JobType, NewJob, NewSchedule, Status};

use crate::engine::{PATIENCE, eventually, houses, pause, quick};

/// Short, but so long that a busy machine does not lose it.
const LEASE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_job_is_known_to_whoever_runs_it() {
    for house in houses().await {
        let (ran, unknown) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        // Asked through another connection than the one that accepted the job.
        let store = house.place.open(Clock::Store).await;
        let running = house
            .engine()
            .await
            .register(quick("A", {
                let (ran, unknown) = (ran.clone(), unknown.clone());
                move |context| {
                    let (ran, unknown, store) = (ran.clone(), unknown.clone(), store.clone());
                    async move {
                        let found = store.find(&context.job.id).await;
                        if !matches!(found, Ok(Some(job)) if job.status == Status::Running) {
                            unknown.fetch_add(1, Ordering::SeqCst);
                        }
                        ran.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        for _ in 0..100 {
            house.add(NewJob::new("A")).await;
        }
        eventually("all run", || ran.load(Ordering::SeqCst) == 100).await;
        assert_eq!(unknown.load(Ordering::SeqCst), 0);
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stuck_or_lost_after_a_crash() {
    for house in houses().await {
        let broken = Arc::new(AtomicBool::new(true));
        let engine = async || {
            let stuck = {
                let broken = broken.clone();
                move |_| {
                    let broken = broken.load(Ordering::SeqCst);
                    async move {
                        if broken {
                            std::future::pending::<()>().await;
                        }
                        Ok(())
                    }
                }
            };
            let failing = {
                let broken = broken.clone();
                move |_| {
                    let broken = broken.load(Ordering::SeqCst);
                    async move {
                        if broken {
                            return Err(JobFailure::retryable("not yet"));
                        }
                        Ok(())
                    }
                }
            };
            let engine = house.engine().await.workers(2).lease(LEASE);
            let engine = engine.register(quick("STUCK", stuck)).register(JobType {
                max_attempts: 1_000_000,
                ..quick("FAILING", failing)
            });
            engine.start().await.unwrap()
        };
        let far = house
            .store
            .now()
            .await
            .unwrap()
            .plus(Duration::from_secs(2));
        let failing = house.add(NewJob::new("FAILING")).await;
        let delayed = house
            .add(NewJob {
                run_at: Some(far),
                ..NewJob::new("STUCK")
            })
            .await;
        let mut ids = vec![failing.clone(), delayed];
        let yearly = NewSchedule::new("STUCK", "0 0 0 1 1 *".parse().unwrap());
        let schedule = house.store.put_schedule(yearly).await.unwrap().id;
        let first = engine().await;
        let started = std::time::Instant::now();
        while house.job(&failing).await.failures == 0 {
            assert!(started.elapsed() < PATIENCE);
            pause().await;
        }
        for _ in 0..5 {
            ids.push(house.add(NewJob::new("STUCK")).await);
        }
        house.wait_status(&ids[2], Status::Running).await;
        drop(first);
        broken.store(false, Ordering::SeqCst);
        let second = engine().await;
        for id in &ids {
            house.wait_status(id, Status::Success).await;
        }
        let schedules = house.store.schedules().await.unwrap();
        assert_eq!(schedules.len(), 1);
        assert_eq!(schedules[0].id, schedule);
        second.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_hangs_starts_nothing_again() {
    for house in houses().await {
        // It accepts connections and never answers.
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let hook = format!("http://{}/", listener.local_addr().unwrap());
        let runs = Arc::<AtomicU32>::default();
        let running = house
            .engine()
            .await
            .lease(LEASE)
            .register(quick("A", {
                let runs = runs.clone();
                move |_| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    async { Ok(()) }
                }
            }))
            .start()
            .await
            .unwrap();
        let id = house
            .add(NewJob {
                hook: Some(HookTarget::url(hook).unwrap()),
                ..NewJob::new("A")
            })
            .await;
        house.wait_status(&id, Status::Success).await;
        tokio::time::sleep(2 * LEASE).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        running.drain(Duration::ZERO).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_type_goes_on_whatever_dies() {
    for house in houses().await {
        let engine = async |stuck: bool| {
            let limited = JobType {
                concurrency: Some(1),
                ..quick("A", move |_| async move {
                    if stuck {
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                })
            };
            let engine = house.engine().await.lease(LEASE).register(limited);
            engine.start().await.unwrap()
        };
        let mut ids = Vec::new();
        for _ in 0..4 {
            let id = house.add(NewJob::new("A")).await;
            let dying = engine(true).await;
            let started = std::time::Instant::now();
            while house.store.runs(10).await.unwrap().is_empty() {
                assert!(started.elapsed() < PATIENCE);
                pause().await;
            }
            drop(dying);
            ids.push(id);
        }
        let living = engine(false).await;
        for id in &ids {
            house.wait_status(id, Status::Success).await;
        }
        living.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_a_hook_checks_in_and_leaves_nothing_behind() {
    for house in houses().await {
        let running = house
            .engine()
            .await
            .register(quick("A", |context| async move {
                assert!(context.check_in("to nobody").await);
                Ok(())
            }))
            .start()
            .await
            .unwrap();
        let id = house.add(NewJob::new("A")).await;
        let job = house.wait_status(&id, Status::Success).await;
        assert_eq!((job.failures, job.ack), (0, None));
        running.drain(PATIENCE).await;
        let mut reader = house.place.database.read().await.unwrap();
        let waiting: i64 = reader
            .fetch_one("SELECT COUNT(*) FROM job_hooks", Vec::new())
            .await
            .unwrap();
        assert_eq!(waiting, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_ran_does_not_run_again() {
    for house in houses().await {
        let runs = Arc::<AtomicU32>::default();
        let running = house
            .engine()
            .await
            .register(quick("A", {
                let runs = runs.clone();
                move |_| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    async { Ok(()) }
                }
            }))
            .start()
            .await
            .unwrap();
        let each_second = || NewSchedule::new("A", "* * * * * *".parse().unwrap());
        let id = house.store.put_schedule(each_second()).await.unwrap().id;
        // Restored again and again, as every replica does that starts.
        for _ in 0..20 {
            let again = NewSchedule {
                id: Some(id.clone()),
                ..each_second()
            };
            house.store.put_schedule(again).await.unwrap();
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        running.drain(PATIENCE).await;
        let executions = house.store.executions(&id, false, 0, 100).await.unwrap();
        assert!(executions.total > 0);
        let attempts: u32 = executions.jobs.iter().map(|job| job.attempts).sum();
        assert_eq!(attempts, runs.load(Ordering::SeqCst));
        assert!(executions.jobs.iter().all(|job| job.attempts <= 1));
    }
}
