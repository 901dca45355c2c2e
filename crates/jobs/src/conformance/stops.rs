//! Stopping jobs.

use std::time::Instant;

use super::Place;
use super::place::{LEASE, Rooms, error, job, seconds, with_hook};
use crate::store::{JobSelector, Stopped};
use crate::{JobId, NewJob, Outcome, SignalKind, Status, Written};

async fn stop(rooms: &Rooms, id: &JobId) -> Stopped {
    let selector = JobSelector::Job(id.clone());
    rooms.store.stop(selector, 10).await.unwrap()
}

pub async fn a_waiting_job_is_stopped_at_once_and_never_runs(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let pending = rooms.add(with_hook(job(1))).await;
    let delayed = rooms
        .add(NewJob {
            run_at: Some(rooms.clock.now().plus(seconds(60))),
            ..with_hook(job(2))
        })
        .await;
    for id in [&pending, &delayed] {
        assert_eq!(stop(&rooms, id).await.jobs, 1);
        assert_eq!(rooms.status(id).await, Status::Stopped);
    }
    rooms.pass(seconds(61));
    assert_eq!(rooms.store.promote(10).await.unwrap().jobs, 0);
    assert!(rooms.claim(10).await.is_empty());
    let told = rooms.due_hooks().await;
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|event| event.status() == Status::Stopped));
    assert_eq!(stop(&rooms, &JobId::random()).await, Stopped::default());
}

pub async fn a_running_job_is_stopped_at_once_and_gets_a_signal(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let attempt = rooms.claim_one().await.attempt;
    let beat = async || {
        let attempts = vec![attempt.clone()];
        rooms
            .store
            .heartbeat("pool", attempts, LEASE)
            .await
            .unwrap()
    };
    assert_eq!(beat().await, []);
    assert_eq!(stop(&rooms, &id).await.jobs, 1);
    assert_eq!(rooms.status(&id).await, Status::Stopped);
    for _ in 0..2 {
        let signals = beat().await;
        assert_eq!(signals.len(), 1);
        assert_eq!(
            (&signals[0].job, signals[0].kind),
            (&id, SignalKind::Stopped)
        );
    }
    // Whatever it then says.
    let written = rooms.finish(&attempt, Outcome::Success).await;
    assert_eq!(written, Written::Done(Status::Stopped));
    assert_eq!(rooms.status(&id).await, Status::Stopped);
    assert_eq!(
        rooms.finish(&attempt, Outcome::Success).await,
        Written::Fenced
    );
}

pub async fn a_stopped_run_keeps_its_place_until_it_ends(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let types = [("A", Some(1), 0)];
    let first = rooms.add(job(1)).await;
    rooms.add(job(2)).await;
    let claim = rooms.claim_of(&types, 1).await.pop().unwrap();
    stop(&rooms, &first).await;
    assert!(rooms.claim_of(&types, 1).await.is_empty(), "it still runs");
    rooms.finish(&claim.attempt, Outcome::Stopped).await;
    assert_eq!(rooms.claim_of(&types, 1).await.len(), 1);
}

pub async fn a_stopped_job_does_not_come_back_from_its_retries(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let waiting = rooms.add(job(1)).await;
    let attempt = rooms.claim_one().await.attempt;
    rooms.finish(&attempt, error(Some(seconds(10)))).await;
    assert_eq!(stop(&rooms, &waiting).await.jobs, 1);
    let running = rooms.add(job(2)).await;
    let attempt = rooms.claim_one().await.attempt;
    stop(&rooms, &running).await;
    // A run that fails since it was stopped, and asks to be tried again.
    let written = rooms.finish(&attempt, error(Some(seconds(1)))).await;
    assert_eq!(written, Written::Done(Status::Stopped));
    rooms.pass(seconds(60));
    rooms.store.promote(10).await.unwrap();
    rooms.store.rescue(10).await.unwrap();
    assert!(rooms.claim(10).await.is_empty());
    for id in [waiting, running] {
        assert_eq!(rooms.status(&id).await, Status::Stopped);
    }
}

pub async fn a_stopped_job_whose_worker_dies_stays_stopped(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let types = [("A", Some(1), 0)];
    let id = rooms.add(job(1)).await;
    rooms.claim_of(&types, 1).await;
    stop(&rooms, &id).await;
    rooms.pass(LEASE + seconds(1));
    let rescued = rooms.store.rescue(10).await.unwrap();
    assert_eq!((rescued.requeued, rescued.failed), (0, 0));
    assert_eq!(rooms.status(&id).await, Status::Stopped);
    rooms.add(job(2)).await;
    assert_eq!(
        rooms.claim_of(&types, 1).await.len(),
        1,
        "its place is free"
    );
}

pub async fn a_final_job_stays_as_it_is(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    for (outcome, status) in [
        (Outcome::Success, Status::Success),
        (error(None), Status::Error),
        (Outcome::Stopped, Status::Stopped),
    ] {
        let id = rooms.add(job(1)).await;
        let attempt = rooms.claim_one().await.attempt;
        rooms.finish(&attempt, outcome).await;
        let before = rooms.job(&id).await;
        assert_eq!(before.status, status);
        rooms.pass(seconds(5));
        assert_eq!(stop(&rooms, &id).await.jobs, 0);
        rooms.store.rescue(10).await.unwrap();
        rooms.store.promote(10).await.unwrap();
        assert_eq!(rooms.job(&id).await, before);
    }
}

pub async fn ten_thousand_pending_jobs_are_stopped_in_batches(place: &dyn Place) {
    const JOBS: usize = 10_000;
    let rooms = Rooms::open(place).await;
    for first in (0..JOBS).step_by(1000) {
        let jobs = (first..first + 1000).map(|number| with_hook(job(number)));
        rooms.store.enqueue(jobs.collect()).await.unwrap();
    }
    let other = rooms.add(NewJob::new("B")).await;
    let running = rooms.claim_one().await;
    let queue = || JobSelector::Queue("A".to_owned());
    let (mut stopped, mut calls) = (0, 0);
    let started = Instant::now();
    loop {
        let batch = rooms.store.stop(queue(), 1000).await.unwrap();
        assert!(batch.jobs <= 1000);
        stopped += batch.jobs;
        calls += 1;
        assert!(calls < 50, "it does not end: {stopped} stopped");
        if !batch.more {
            break;
        }
    }
    println!("{stopped} jobs were stopped in {:?}", started.elapsed());
    assert_eq!(stopped, JOBS as u64 - 1, "all but the one that runs");
    assert!(rooms.claim(10).await.is_empty());
    assert_eq!(rooms.status(&running.job.id).await, Status::Running);
    assert_eq!(rooms.status(&other).await, Status::Pending);
    let all = rooms
        .store
        .stop(JobSelector::AllQueues, 1000)
        .await
        .unwrap();
    assert_eq!(all.jobs, 1);
    assert_eq!(rooms.status(&other).await, Status::Stopped);
}
