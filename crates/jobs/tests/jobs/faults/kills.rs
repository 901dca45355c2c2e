//! Workers that are killed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_jobs::conformance::Place as _;
use seawall_jobs::{Clock, NewJob, NewSchedule};
use seawall_testkit::{Redis, TestDatabase, rounds};

use super::worker::{Worker, store};
use super::{check, enqueue, losses, storm, until_all_ended};
use crate::receiver::Receiver;
use crate::stores::SqlPlace;

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_lose_nothing_on_sqlite() {
    // The file has one process at a time.
    kill_again_and_again(seawall_testkit::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_lose_nothing_on_postgresql() {
    kill_again_and_again(seawall_testkit::postgres(), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_lose_nothing_on_redis() {
    let redis = Redis::without_data();
    let receiver = Receiver::start().await;
    let jobs = storm(&receiver, rounds(300, 3000));
    let store = store(&redis.url()).await;
    enqueue(&*store, &jobs).await;
    kill_workers(&redis.url(), 3, &receiver, &jobs).await;
    check(&*store, &receiver, &jobs).await;
    println!("{} attempts were lost", losses(&*store, &jobs).await);
}

async fn kill_again_and_again(backing: TestDatabase, workers: usize) {
    let url = backing.url().to_owned();
    let receiver = Receiver::start().await;
    let jobs = storm(&receiver, rounds(300, 3000));
    let place = SqlPlace::new(backing).await;
    enqueue(&*place.open(Clock::Store).await, &jobs).await;
    let is_file = place.backing.path().is_some();
    if is_file {
        place.database.close().await;
    }
    kill_workers(&url, workers, &receiver, &jobs).await;
    let place = if is_file {
        SqlPlace::reopen(place).await
    } else {
        place
    };
    let store = place.open(Clock::Store).await;
    check(&*store, &receiver, &jobs).await;
    println!("{} attempts were lost", losses(&*store, &jobs).await);
}

/// Kills one of them again and again, until all jobs have ended.
async fn kill_workers(url: &str, workers: usize, receiver: &Receiver, jobs: &[NewJob]) {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut running: Vec<Worker> = (0..workers).map(|_| Worker::start(url)).collect();
    for _ in 0..rounds(5, 60) {
        tokio::time::sleep(Duration::from_millis(random.random_range(50..900))).await;
        let victim = random.random_range(0..running.len());
        running.swap_remove(victim).kill();
        running.push(Worker::start(url));
    }
    until_all_ended(receiver, jobs).await;
}

/// Schedules that survive their workers, and fire each slot once.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_goes_on_when_its_workers_are_killed() {
    let place = SqlPlace::new(seawall_testkit::postgres()).await;
    let url = place.backing.url().to_owned();
    let store = place.open(Clock::Store).await;
    let mut schedule = NewSchedule::new("STORM", "* * * * * *".parse().unwrap());
    schedule.parameters.insert("number".to_owned(), 1.into());
    let id = store.put_schedule(schedule).await.unwrap().id;
    for _ in 0..rounds(3, 20) {
        let worker = Worker::start(&url);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        worker.kill();
    }
    let _worker = Worker::start(&url);
    let started = std::time::Instant::now();
    let runs = loop {
        let runs = store.executions(&id, false, 0, 500).await.unwrap().jobs;
        // Each that has come up to now is final but for the newest few.
        if runs.len() > 5 && runs.iter().skip(3).all(|run| run.status.is_final()) {
            break runs;
        }
        assert!(started.elapsed() < super::PATIENCE, "{runs:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let slots: Vec<i64> = runs.iter().filter_map(|run| run.id.slot()).collect();
    let gaps = slots.windows(2).all(|pair| pair[0] - pair[1] == 1);
    assert!(gaps, "each second has one: {slots:?}");
}
