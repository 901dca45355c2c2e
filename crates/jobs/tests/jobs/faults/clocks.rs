//! Replicas whose clocks are five minutes ahead and five behind.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use seawall_jobs::store::JobSelector;
use seawall_jobs::{JobId, NewSchedule, Status};
use seawall_testkit::{Redis, rounds};
use serde_json::json;

use super::worker::{Worker, store};
use super::{PATIENCE, check, enqueue, losses, storm, until_all_ended};
use crate::receiver::Receiver;
use crate::stores::SqlPlace;

/// Put before the C library: what a process takes for the time of day is off by so many seconds.
const CLOCK: &str = "
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    const char *seconds = getenv(\"SKEW_SECONDS\");
    if (!failed && seconds && clock == CLOCK_REALTIME)
        now->tv_sec += atol(seconds);
    return failed;
}
";

#[tokio::test(flavor = "multi_thread")]
async fn replicas_whose_clocks_are_apart_agree_on_postgresql() {
    let place = SqlPlace::new(seawall_testkit::postgres()).await;
    work_with_clocks_apart(place.backing.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_whose_clocks_are_apart_agree_on_redis() {
    let redis = Redis::without_data();
    work_with_clocks_apart(&redis.url()).await;
}

async fn work_with_clocks_apart(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let library = compile(folder.path());
    let workers = [-300, 0, 300].map(|seconds| Worker::with_clock(url, &library, seconds));
    let store = store(url).await;
    let receiver = Receiver::start().await;
    let mut jobs = storm(&receiver, rounds(300, 3000));
    let run_at = store.now().await.unwrap().plus(Duration::from_secs(4));
    for delayed in jobs.iter_mut().skip(1).step_by(10) {
        delayed.run_at = Some(run_at);
    }
    let mut schedule = NewSchedule::new("STORM", "* * * * * *".parse().unwrap());
    schedule.parameters.insert("number".to_owned(), json!(1));
    let schedule = store.put_schedule(schedule).await.unwrap().id;
    enqueue(&*store, &jobs).await;
    until_all_ended(&receiver, &jobs).await;
    let runs = until_fired(&*store, &schedule, rounds(6, 60)).await;
    let selector = JobSelector::Job(schedule);
    store.stop(selector, 1000).await.unwrap();
    for (slot, earlier) in runs.iter().zip(runs.iter().skip(1)) {
        assert_eq!(slot - earlier, 1, "each second has one: {runs:?}");
    }
    let pools = store.pools().await.unwrap();
    for worker in &workers {
        let pool = pools.iter().find(|pool| pool.pid == worker.id()).unwrap();
        let silent = store.now().await.unwrap().0 - pool.heartbeat_at.0;
        assert!(silent < 60_000_000, "it is taken for alive: {pool:?}");
    }

    check(&*store, &receiver, &jobs).await;
    for delayed in jobs.iter().filter(|job| job.run_at.is_some()) {
        let job = store.find(delayed.id.as_ref().unwrap()).await.unwrap();
        assert!(job.unwrap().update_time.seconds() >= run_at.seconds());
    }
    drop(workers);
    // A busy machine loses a lease now and then; by the clocks of their holders two thirds of all
    // leases would have ended before they began, or be held for five minutes.
    let lost = losses(&*store, &jobs).await;
    println!("{} jobs, {lost} attempts were lost", jobs.len());
    assert!(lost < jobs.len() / 10, "{lost} of {}", jobs.len());
}

/// The slots that were fired, the latest first, once there are so many that ran, each once.
async fn until_fired(
    store: &dyn seawall_jobs::JobStore,
    schedule: &JobId,
    slots: usize,
) -> Vec<i64> {
    let started = Instant::now();
    loop {
        let executions = store.executions(schedule, false, 0, 1000).await.unwrap();
        let ran = |job: &&seawall_jobs::Job| job.status == Status::Success;
        if executions.jobs.iter().filter(ran).count() >= slots {
            let again = executions
                .jobs
                .iter()
                .filter(|job| job.attempts > 1)
                .count();
            assert!(again <= slots / 4, "{again} slots ran again");
            let slots = executions.jobs.iter().filter_map(|job| job.id.slot());
            return slots.collect();
        }
        assert!(started.elapsed() < PATIENCE, "{executions:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn compile(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status();
    assert!(compiled.unwrap().success(), "needs a C compiler");
    library
}
