//! A database that goes away under the engine, and receivers that do.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_jobs::Clock;
use seawall_jobs::conformance::Place as _;
use seawall_testkit::{Postgres, Redis, rounds};

use super::worker::{LEASE, engine, store, storm_type};
use super::{PATIENCE, check, enqueue, storm, until_all_ended};
use crate::receiver::Receiver;
use crate::stores::SqlPlace;

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_is_killed_and_comes_back_loses_nothing() {
    let cluster = Postgres::start();
    let database = cluster.database();
    let name = database.url().rsplit('/').next().unwrap();
    // What was answered is to be durable, as it is where nobody tests.
    database.psql(&format!(
        "ALTER DATABASE {name} SET synchronous_commit = on"
    ));
    let receiver = Receiver::start().await;
    let running = [
        engine(database.url()).await.start().await.unwrap(),
        engine(database.url()).await.start().await.unwrap(),
    ];
    let store = running[0].store().clone();
    let jobs = storm(&receiver, rounds(200, 2000));
    let restarts = rounds(2, 12);
    for part in jobs.chunks(jobs.len() / restarts + 1) {
        enqueue(&*store, part).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        tokio::task::block_in_place(|| cluster.restart());
    }
    until_all_ended(&receiver, &jobs).await;
    for engine in running {
        engine.drain(PATIENCE).await;
    }
    check(&*store, &receiver, &jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_and_comes_back_with_its_data_loses_nothing() {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    // Not even there when they start.
    let mut redis = Redis::start();
    redis.kill();
    let receiver = Receiver::start().await;
    let store = store(&redis.url()).await;
    let running = async || engine(&redis.url()).await.workers(0).start().await;
    let deliverer = running().await.unwrap();
    redis.restart();
    let running = [
        engine(&redis.url()).await.start().await.unwrap(),
        engine(&redis.url()).await.start().await.unwrap(),
        deliverer,
    ];
    let jobs = storm(&receiver, rounds(300, 3000));
    for part in jobs.chunks(jobs.len() / rounds(3, 30) + 1) {
        enqueue(&*store, part).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(20..400))).await;
        tokio::task::block_in_place(|| redis.restart());
    }
    until_all_ended(&receiver, &jobs).await;
    for engine in running {
        engine.drain(PATIENCE).await;
    }
    check(&*store, &receiver, &jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_for_a_while_hears_everything_afterwards() {
    let place = SqlPlace::new(seawall_testkit::sqlite()).await;
    let receiver = Receiver::start().await;
    let jobs = storm(&receiver, rounds(100, 1000));
    let address = receiver.address();
    drop(receiver);
    let store = place.open(Clock::Store).await;
    let running = seawall_jobs::Engine::builder(store.clone())
        .lease(LEASE)
        .register(storm_type())
        .start()
        .await
        .unwrap();
    enqueue(&*store, &jobs).await;
    // All of them are done, and nobody has heard of it.
    let started = std::time::Instant::now();
    loop {
        let queues = store.queues().await.unwrap();
        let idle = |queue: &seawall_jobs::store::QueueRecord| {
            queue.pending + queue.scheduled + queue.running == 0
        };
        if queues.iter().all(idle) {
            break;
        }
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(rounds(1, 180) as u64)).await;
    let receiver = Receiver::start_at(address).await;
    until_all_ended(&receiver, &jobs).await;
    check(&*store, &receiver, &jobs).await;
    running.drain(PATIENCE).await;
}
