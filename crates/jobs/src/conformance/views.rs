//! What people look at, what is swept, and who is woken.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Place;
use super::place::{Rooms, error, job, number, seconds, with_hook};
use crate::store::{JobFilter, JobSelector, PoolRecord, Retention};
use crate::{Clock, Kind, NewJob, Outcome, Report, Status, Topic};

pub async fn jobs_are_listed_and_counted(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..25).map(job).collect())
        .await
        .unwrap();
    let delayed = NewJob {
        run_at: Some(rooms.clock.now().plus(seconds(60))),
        ..NewJob::new("B")
    };
    rooms
        .store
        .enqueue(vec![delayed.clone(), delayed])
        .await
        .unwrap();
    let mut filter = JobFilter {
        name: Some("A".to_owned()),
        limit: 10,
        ..JobFilter::default()
    };
    let mut seen = BTreeSet::new();
    for page in 0.. {
        assert!(page < 50, "the pages do not end");
        let page = rooms.store.list(filter.clone()).await.unwrap();
        seen.extend(page.jobs.iter().map(number));
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..25).collect());
    let scheduled = JobFilter {
        kind: Some(Kind::Scheduled),
        statuses: vec![Status::Scheduled],
        limit: 10,
        count: true,
        ..JobFilter::default()
    };
    let page = rooms.store.list(scheduled).await.unwrap();
    assert_eq!((page.jobs.len(), page.total), (2, Some(2)));
    assert!(page.jobs.iter().all(|job| job.name == "B"));
}

pub async fn queues_tell_what_waits_and_for_how_long(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..3).map(job).collect())
        .await
        .unwrap();
    rooms.pass(seconds(20));
    rooms.add(job(3)).await;
    let claim = rooms.claim_one().await;
    rooms.pass(seconds(10));
    let queues = rooms.store.queues().await.unwrap();
    assert_eq!(queues.len(), 1);
    let queue = &queues[0];
    assert_eq!((&*queue.name, queue.paused), ("A", false));
    assert_eq!((queue.pending, queue.scheduled, queue.running), (3, 0, 1));
    assert_eq!(queue.latency.as_secs(), 30);
    rooms.finish(&claim.attempt, error(Some(seconds(60)))).await;
    let queues = rooms.store.queues().await.unwrap();
    assert_eq!((queues[0].scheduled, queues[0].running), (1, 0));
}

pub async fn pools_come_and_go(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let pool = PoolRecord {
        id: "pool".to_owned(),
        started_at: seawall_database::Timestamp::NEVER,
        heartbeat_at: seawall_database::Timestamp::NEVER,
        job_names: vec!["A".to_owned(), "B".to_owned()],
        concurrency: 10,
        host: "host".to_owned(),
        pid: 7,
    };
    rooms.store.register_pool(pool.clone()).await.unwrap();
    let started = rooms.clock.now().seconds();
    rooms.pass(seconds(5));
    rooms
        .store
        .heartbeat("pool", Vec::new(), seconds(30))
        .await
        .unwrap();
    let pools = rooms.store.pools().await.unwrap();
    assert_eq!(pools.len(), 1);
    assert_eq!(pools[0].job_names, pool.job_names);
    assert_eq!(
        (pools[0].concurrency, &*pools[0].host, pools[0].pid),
        (10, "host", 7)
    );
    assert_eq!(pools[0].started_at.seconds(), started);
    assert_eq!(pools[0].heartbeat_at.seconds(), started + 5);
    rooms.store.remove_pool("pool").await.unwrap();
    assert!(rooms.store.pools().await.unwrap().is_empty());
    rooms.store.register_pool(pool).await.unwrap();
    rooms.pass(seconds(24 * 3600 + 1));
    rooms.store.rescue(10).await.unwrap();
    assert!(
        rooms.store.pools().await.unwrap().is_empty(),
        "dead for a day"
    );
}

pub async fn old_jobs_are_swept_with_all_that_is_theirs(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let retention = Retention::default();
    let mut ids = Vec::new();
    for outcome in [Outcome::Success, error(None), Outcome::Stopped] {
        let id = rooms.add(with_hook(job(1))).await;
        let attempt = rooms.claim_one().await.attempt;
        rooms.finish(&attempt, outcome).await;
        ids.push(id);
    }
    let pending = rooms.add(job(2)).await;
    rooms.pass(retention.done - seconds(5));
    rooms.store.sweep(retention, 100).await.unwrap();
    for id in &ids {
        rooms.job(id).await;
    }
    rooms.pass(seconds(10));
    rooms.store.sweep(retention, 100).await.unwrap();
    for (id, is_there) in ids.iter().zip([false, true, false]) {
        let found = rooms.store.find(id).await.unwrap();
        assert_eq!(found.is_some(), is_there);
        assert_eq!(
            rooms.store.attempts(id).await.unwrap().is_empty(),
            !is_there
        );
    }
    let told = rooms.due_hooks().await;
    assert!(told.iter().all(|event| event.job.id == ids[1]), "{told:?}");
    rooms.pass(retention.failed);
    rooms.store.sweep(retention, 100).await.unwrap();
    assert!(rooms.store.find(&ids[1]).await.unwrap().is_none());
    rooms.pass(seconds(3600));
    assert!(rooms.due_hooks().await.is_empty());
    assert_eq!(
        rooms.status(&pending).await,
        Status::Pending,
        "it is not final"
    );
    assert_eq!(rooms.store.sweep(retention, 100).await.unwrap(), 0);
}

pub async fn what_runs_is_told_with_its_pool(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let began = rooms.clock.now();
    rooms.add(job(1)).await;
    let first = rooms.claim_one().await;
    rooms.pass(seconds(5));
    rooms.add(job(2)).await;
    let second = rooms.claim_one().await;
    rooms.add(job(3)).await;
    let said = (second.attempt.clone(), Report::CheckIn("here".to_owned()));
    rooms.store.report(vec![said]).await.unwrap();
    let runs = rooms.store.runs(10).await.unwrap();
    let told: Vec<_> = runs
        .iter()
        .map(|run| (&run.job, run.name.as_str(), run.pool.as_str()))
        .collect();
    let expected = [(&first.job.id, "A", "pool"), (&second.job.id, "A", "pool")];
    assert_eq!(told, expected, "the oldest first, and no job that waits");
    assert_eq!(runs[0].start_time, began);
    assert_eq!(runs[1].start_time, began.plus(seconds(5)));
    assert!(runs[0].check_in_at.is_never() && !runs[1].check_in_at.is_never());
    assert_eq!(rooms.store.runs(1).await.unwrap().len(), 1);
    rooms.finish(&first.attempt, Outcome::Success).await;
    let left = rooms.store.runs(10).await.unwrap();
    assert_eq!((left.len(), &left[0].job), (1, &second.job.id));
}

pub async fn bells_ring_in_every_process(place: &dyn Place) {
    let here = place.open(Clock::Store).await;
    let there = place.open(Clock::Store).await;
    let limit = Duration::from_secs(20);
    // What does not ring times out, so a bell that came in less than half of that did ring.
    let rang = async |topic: Topic, act: &dyn Fn() -> crate::BoxFuture<'static, ()>| {
        let mut waiters = [here.listen(topic), there.listen(topic)];
        act().await;
        for waiter in &mut waiters {
            let started = Instant::now();
            waiter.wait(limit).await;
            assert!(started.elapsed() < limit / 2, "{topic:?} did not ring");
        }
    };
    let id = crate::JobId::random();
    let store = std::sync::Arc::clone(&here);
    let new = with_hook(NewJob {
        id: Some(id.clone()),
        ..job(1)
    });
    rang(Topic::Jobs, &|| {
        let (store, new) = (store.clone(), new.clone());
        Box::pin(async move { drop(store.enqueue(vec![new]).await.unwrap()) })
    })
    .await;
    rang(Topic::Hooks, &|| {
        let store = store.clone();
        Box::pin(async move {
            let claims = super::place::claim(&*store, &[("A", None, 0)], 1).await;
            assert_eq!(claims.len(), 1);
        })
    })
    .await;
    rang(Topic::Signals, &|| {
        let (store, id) = (store.clone(), id.clone());
        Box::pin(async move {
            let stopped = store.stop(JobSelector::Job(id), 1).await.unwrap();
            assert_eq!(stopped.jobs, 1);
        })
    })
    .await;
}
