//! Stopping very many jobs does not keep others from Redis; and what a finished job leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seawall_jobs::store::{JobSelector, Retention};
use seawall_jobs::{
    Delivery, HookRequest, HookTarget, JobStore as _, Outcome, RedisOptions, RedisStore,
};
use seawall_testkit::{Redis, rounds};

use crate::support::{Look, hashed, new_job, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pending_jobs_are_stopped_without_keeping_others_from_redis() {
    let jobs = rounds(5_000, 100_000);
    let redis = Redis::without_data();
    let store = RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
        .await
        .unwrap();
    for _ in 0..jobs / 500 {
        let batch = (0..500).map(|_| {
            let mut job = new_job("x");
            job.id = None;
            job
        });
        store.enqueue(batch.collect()).await.unwrap();
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut look = Look::at(&redis).await;
    let pinging = tokio::spawn({
        let over = Arc::clone(&over);
        async move {
            let mut took = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let _: String = look.ask(&["PING"]).await;
                took.push(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            took.sort();
            took
        }
    });
    let begun = Instant::now();
    let mut stopped = 0;
    loop {
        let some = store
            .stop(JobSelector::Queue("DEMO".to_owned()), 1000)
            .await
            .unwrap();
        assert!(some.jobs <= 1000);
        stopped += some.jobs;
        if !some.more {
            break;
        }
    }
    let took = begun.elapsed();
    over.store(true, Ordering::Relaxed);
    let pings = pinging.await.unwrap();
    let at = |share: usize| pings[(pings.len() - 1) * share / 1000];
    println!(
        "{stopped} stopped in {took:?}; meanwhile {} pings: median {:?}, p99 {:?}, longest {:?}",
        pings.len(),
        at(500),
        at(990),
        at(1000)
    );
    assert_eq!(stopped, jobs as u64);
    assert!(at(990) < Duration::from_millis(250), "{:?}", at(990));
    assert!(store.claim(request(10)).await.unwrap().is_empty());
    let mut look = Look::at(&redis).await;
    assert_eq!(look.ask::<i64>(&["LLEN", ":jobs:DEMO"]).await, 0);
    assert!(look.hash(":job_track:inprogress").await.is_empty());
}

#[tokio::test]
async fn a_queue_of_very_many_tenants_is_counted_and_stopped_whole() {
    const TENANTS: u64 = 2_500;
    let redis = Redis::without_data();
    let store = RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
        .await
        .unwrap();
    let jobs: Vec<_> = (0..TENANTS)
        .map(|tenant| {
            let mut job = new_job("x");
            job.id = None;
            job.tenant = format!("tenant-{tenant}");
            job
        })
        .collect();
    for jobs in jobs.chunks(500) {
        store.enqueue(jobs.to_vec()).await.unwrap();
    }
    let pending = async || {
        let queues = store.queues().await.unwrap();
        queues.iter().map(|queue| queue.pending).sum::<u64>()
    };
    assert_eq!(pending().await, TENANTS);
    let queue = JobSelector::Queue("DEMO".to_owned());
    let some = store.stop(queue.clone(), 100).await.unwrap();
    assert_eq!((some.jobs, some.more), (100, true));
    assert_eq!(pending().await, TENANTS - 100);
    let rest = store.stop(queue, 10_000).await.unwrap();
    assert_eq!((rest.jobs, rest.more), (TENANTS - 100, false));
    assert_eq!(pending().await, 0);
}

#[tokio::test]
async fn a_finished_job_leaves_little_behind_and_nothing_once_it_is_swept() {
    const JOBS: u32 = 4_000;
    const WARM: u32 = 1_000;
    let redis = Redis::without_data();
    let store = RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
        .await
        .unwrap();
    let mut look = Look::at(&redis).await;
    let mut before = 0;
    for round in 0..JOBS / 100 {
        if round == WARM / 100 {
            // What scripts and connections cost is there once.
            before = memory(&mut look).await;
        }
        let batch = (0..100).map(|number| {
            let mut job = new_job("x");
            job.id = None;
            job.hook = Some(
                HookTarget::url(format!(
                    "http://harbor-core/service/notifications/tasks/{}",
                    round * 100 + number
                ))
                .unwrap(),
            );
            job
        });
        store.enqueue(batch.collect()).await.unwrap();
        let claims = store.claim(request(100)).await.unwrap();
        assert_eq!(claims.len(), 100);
        let ends = claims
            .into_iter()
            .map(|claim| (claim.attempt, Outcome::Success));
        store.finish(ends.collect()).await.unwrap();
        for _ in 0..2 {
            let hooks = HookRequest {
                urls: true,
                receivers: Vec::new(),
                limit: 100,
                lease: Duration::from_secs(30),
            };
            let events = store.due_hooks(hooks).await.unwrap();
            assert_eq!(events.len(), 100);
            let taken = events.into_iter().map(|event| (event, Delivery::Delivered));
            store.settle_hooks(taken.collect()).await.unwrap();
        }
    }
    let each = (memory(&mut look).await - before) / i64::from(JOBS - WARM);
    println!("{each} bytes are left for each finished job");
    assert!(each <= 700, "{each}");
    assert_eq!(look.hash(":job_track:inprogress").await, hashed(&[]));
    let none = Retention {
        done: Duration::ZERO,
        failed: Duration::ZERO,
    };
    let mut swept = 0;
    while swept < u64::from(JOBS) {
        let some = store.sweep(none, 500).await.unwrap();
        assert!(some > 0);
        swept += some;
    }
    let left: Vec<String> = look.ask(&["KEYS", "*job_stats*"]).await;
    assert!(left.is_empty());
    let own: Vec<String> = look.ask(&["KEYS", "*seawall*"]).await;
    assert!(own.len() <= 3, "{own:?}");
}

async fn memory(look: &mut Look) -> i64 {
    let info: String = look.ask(&["INFO", "memory"]).await;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.unwrap().trim().parse().unwrap()
}
