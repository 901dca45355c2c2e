//! Redis dies: with its data nothing accepted is lost, without it what was lost is counted and can be put
//! back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use seawall_jobs::{
    Enqueued, JobId, JobStore as _, NewSchedule, Outcome, RedisOptions, RedisStore, Status,
    StoreError,
};
use seawall_testkit::{Redis, rounds};

use crate::support::{new_job, request};

/// Asks again while Redis is away, for a while.
macro_rules! insist {
    ($call:expr) => {{
        let begun = Instant::now();
        loop {
            match $call.await {
                Ok(answer) => break answer,
                Err(error) if error.is_retryable() => {
                    assert!(begun.elapsed() < Duration::from_secs(30), "{error}");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_its_data_it_loses_nothing_that_was_accepted() {
    let seed = seawall_testkit::seed();
    let kills = rounds(3, 30);
    let mut redis = Redis::start();
    let store = std::sync::Arc::new(
        RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
            .await
            .unwrap(),
    );
    let adder = {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move {
            let mut accepted = BTreeSet::new();
            let until = Instant::now() + Duration::from_millis(400 * kills as u64 + 400);
            while Instant::now() < until {
                let id = JobId::random();
                // Asked again with the same id after a failure: it is one job.
                let answer = insist!(store.enqueue(vec![new_job(id.as_str())]));
                assert!(matches!(
                    answer[0],
                    Enqueued::New(_) | Enqueued::Existing(_)
                ));
                accepted.insert(id);
            }
            accepted
        })
    };
    let mut done = BTreeSet::new();
    let mut killed = 0;
    let mut next_kill = Instant::now() + Duration::from_millis(300);
    let mut lease = request(7);
    lease.lease = Duration::from_secs(1);
    loop {
        if killed < kills && Instant::now() > next_kill {
            redis.kill();
            redis.restart();
            killed += 1;
            let wait = 200 + (seed.wrapping_mul(killed as u64) % 200);
            next_kill = Instant::now() + Duration::from_millis(wait);
        }
        let claims = insist!(store.claim(lease.clone()));
        if claims.is_empty() && adder.is_finished() {
            let queues = insist!(store.queues());
            if queues
                .iter()
                .all(|queue| queue.pending + queue.running == 0)
            {
                break;
            }
            insist!(store.rescue(100));
        }
        for claim in claims {
            let end = vec![(claim.attempt.clone(), Outcome::Success)];
            insist!(store.finish(end.clone()));
            done.insert(claim.job.id);
        }
    }
    let accepted = adder.await.unwrap();
    assert_eq!(accepted.difference(&done).count(), 0, "seed {seed}");
    for ids in accepted.iter().cloned().collect::<Vec<_>>().chunks(500) {
        let jobs = insist!(store.get(ids.to_vec()));
        assert_eq!(jobs.len(), ids.len());
        assert!(jobs.iter().all(|job| job.status == Status::Success));
    }
    assert_eq!(store.losses().times, 0);
    println!("{} jobs over {killed} kills", accepted.len());
}

#[tokio::test]
async fn without_its_data_what_is_lost_is_counted_and_can_be_put_back() {
    let mut redis = Redis::start();
    let options = RedisOptions::new(redis.url(), "harbor");
    let store = RedisStore::open(options).await.unwrap();
    let ids: Vec<JobId> = (0..20).map(|_| JobId::random()).collect();
    let jobs: Vec<_> = ids.iter().map(|id| new_job(id.as_str())).collect();
    store.enqueue(jobs.clone()).await.unwrap();
    let mut schedule = NewSchedule::new("DEMO", "0 0 0 1 1 *".parse().unwrap());
    schedule.id = Some("aaaa".parse().unwrap());
    store.put_schedule(schedule.clone()).await.unwrap();
    let claims = store.claim(request(5)).await.unwrap();
    assert_eq!(claims.len(), 5);
    // It has looked since: a look takes place at least each second.
    tokio::time::sleep(Duration::from_millis(1500)).await;

    redis.lose();
    let begun = Instant::now();
    while store.losses().times == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let losses = store.losses();
    assert_eq!((losses.times, losses.jobs, losses.schedules), (1, 20, 1));
    // A run that goes on writes nothing any more.
    let end = vec![(claims[0].attempt.clone(), Outcome::Success)];
    let written = insist!(store.finish(end.clone()));
    assert_eq!(written, [seawall_jobs::Written::Fenced]);
    // The schedule is there again by itself.
    let begun = Instant::now();
    loop {
        let schedules = insist!(store.schedules());
        if let [back] = &schedules[..] {
            assert_eq!(back.id.as_str(), "aaaa");
            assert_eq!(back.definition.cron, schedule.cron);
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Its owner puts all back, twice, which is the same as once.
    for _ in 0..2 {
        insist!(store.enqueue(jobs.clone()));
        insist!(store.put_schedule(schedule.clone()));
    }
    let mut done = BTreeSet::new();
    for claim in insist!(store.claim(request(100))) {
        insist!(store.finish(vec![(claim.attempt.clone(), Outcome::Success)]));
        done.insert(claim.job.id);
    }
    assert_eq!(done, ids.into_iter().collect());
    assert_eq!(insist!(store.schedules()).len(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_is_a_clear_error_and_is_found_again() {
    let mut redis = Redis::start();
    let store = RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
        .await
        .unwrap();
    redis.kill();
    let error = store.enqueue(vec![new_job("aaaa")]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    let nobody = RedisStore::open(RedisOptions::new(redis.url(), "harbor")).await;
    assert!(matches!(nobody, Err(StoreError::Unavailable(_))));
    // Whoever can wait is told the same when it asks for something, and later finds it.
    let early = RedisStore::new(RedisOptions::new(redis.url(), "harbor")).unwrap();
    let error = early.enqueue(vec![new_job("bbbb")]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    let mut waiter = early.listen(seawall_jobs::Topic::Jobs);
    redis.restart();
    waiter.wait(Duration::from_mins(1)).await;
    insist!(early.enqueue(vec![new_job("bbbb")]));
    assert_eq!(insist!(early.claim(request(1))).len(), 1);
    insist!(store.enqueue(vec![new_job("aaaa")]));
    assert_eq!(insist!(store.claim(request(1))).len(), 1);
}
