//! Leases, fencing and workers that die.

use super::Place;
use super::place::{LEASE, Rooms, error, job, seconds, with_hook};
use crate::{Attempt, MOST_LOSSES, Outcome, Progress, Report, Signal, SignalKind, Status, Written};

async fn beat(rooms: &Rooms, attempt: &Attempt) -> Vec<Signal> {
    let attempts = vec![attempt.clone()];
    rooms
        .store
        .heartbeat("pool", attempts, LEASE)
        .await
        .unwrap()
}

pub async fn a_heartbeat_keeps_a_lease(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let claim = rooms.claim_one().await;
    for _ in 0..10 {
        rooms.pass(LEASE - seconds(1));
        assert_eq!(rooms.store.rescue(10).await.unwrap().requeued, 0);
        assert_eq!(beat(&rooms, &claim.attempt).await, []);
    }
    let written = rooms.finish(&claim.attempt, Outcome::Success).await;
    assert_eq!(written, Written::Done(Status::Success));
    assert_eq!(rooms.job(&id).await.attempts, 1);
}

pub async fn a_lost_lease_gives_the_job_to_another_attempt(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let first = rooms.claim_one().await;
    rooms.pass(LEASE + seconds(1));
    let rescued = rooms.store.rescue(10).await.unwrap();
    assert_eq!((rescued.requeued, rescued.failed), (1, 0));
    let waiting = rooms.job(&id).await;
    assert_eq!((waiting.status, waiting.failures), (Status::Pending, 0));
    assert!(waiting.revision > first.job.revision, "it begins anew");
    let second = rooms.claim_one().await;
    assert_eq!((second.job.id, second.attempt.number), (id.clone(), 2));
    assert_ne!(second.attempt.token, first.attempt.token);
    let history = rooms.store.attempts(&id).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].number, &*history[0].outcome), (1, "lost"));
    assert_eq!(rooms.store.rescue(10).await.unwrap().requeued, 0);
}

pub async fn an_attempt_that_lost_its_lease_can_write_nothing(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    let lost = rooms.claim_one().await.attempt;
    rooms.pass(LEASE + seconds(1));
    rooms.store.rescue(10).await.unwrap();
    let check = async |status: Status| {
        for outcome in [
            Outcome::Success,
            error(None),
            error(Some(seconds(1))),
            Outcome::Stopped,
            Outcome::Released,
        ] {
            assert_eq!(rooms.finish(&lost, outcome).await, Written::Fenced);
        }
        let reports = vec![
            (lost.clone(), Report::CheckIn("late".to_owned())),
            (lost.clone(), Report::Progress(Progress::default())),
        ];
        let written = rooms.store.report(reports).await.unwrap();
        assert_eq!(written, [Written::Fenced, Written::Fenced]);
        let signals = beat(&rooms, &lost).await;
        assert_eq!(signals.len(), 1);
        assert_eq!((&signals[0].job, signals[0].kind), (&id, SignalKind::Lost));
        assert_eq!(signals[0].token, lost.token);
        let job = rooms.job(&id).await;
        assert_eq!((job.status, job.failures, job.progress), (status, 0, None));
    };
    check(Status::Pending).await;
    let current = rooms.claim_one().await.attempt;
    check(Status::Running).await;
    // Both at once, the wrong one first: each gets its own answer.
    let both = vec![
        (lost.clone(), Outcome::Success),
        (current.clone(), Outcome::Success),
    ];
    let written = rooms.store.finish(both).await.unwrap();
    assert_eq!(written, [Written::Fenced, Written::Done(Status::Success)]);
    check(Status::Success).await;
}

pub async fn a_late_end_counts_as_long_as_nobody_else_has_the_job(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let claim = rooms.claim_one().await;
    rooms.pass(LEASE * 3);
    assert_eq!(beat(&rooms, &claim.attempt).await, [], "nobody took it");
    rooms.pass(LEASE * 3);
    let written = rooms.finish(&claim.attempt, Outcome::Success).await;
    assert_eq!(written, Written::Done(Status::Success));
    assert_eq!(rooms.store.rescue(10).await.unwrap().requeued, 0);
    assert_eq!(rooms.status(&id).await, Status::Success);
}

pub async fn a_job_that_kills_its_workers_is_an_error_at_last(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    for loss in 1..=MOST_LOSSES {
        assert_eq!(rooms.claim_one().await.attempt.number, loss);
        rooms.pass(LEASE + seconds(1));
        let rescued = rooms.store.rescue(10).await.unwrap();
        let last = u64::from(loss == MOST_LOSSES);
        assert_eq!(
            (rescued.requeued, rescued.failed),
            (1 - last, last),
            "{loss}"
        );
    }
    let job = rooms.job(&id).await;
    assert_eq!((job.status, job.failures), (Status::Error, 0));
    assert!(job.error.is_some());
    assert!(rooms.claim(1).await.is_empty());
    assert_eq!(
        rooms.store.attempts(&id).await.unwrap().len(),
        MOST_LOSSES as usize
    );
}

pub async fn what_is_lost_at_once_comes_back_at_once(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..300).map(job).collect())
        .await
        .unwrap();
    assert_eq!(rooms.claim(300).await.len(), 300);
    rooms.pass(LEASE + seconds(1));
    let some = rooms.store.rescue(100).await.unwrap();
    assert_eq!((some.requeued, some.more), (100, true));
    let mut back = some.requeued;
    loop {
        let some = rooms.store.rescue(500).await.unwrap();
        back += some.requeued;
        if !some.more {
            break;
        }
    }
    assert_eq!(back, 300);
}

pub async fn racing_rescuers_give_a_job_back_once(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..50).map(job).collect())
        .await
        .unwrap();
    assert_eq!(rooms.claim(50).await.len(), 50);
    rooms.pass(LEASE + seconds(1));
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(Rooms::open_at(place, rooms.clock.clone()).await);
    }
    let races = others.iter().map(|other| other.store.rescue(100));
    let rescued = futures_util::future::join_all(races).await;
    let requeued: u64 = rescued
        .iter()
        .map(|one| one.as_ref().unwrap().requeued)
        .sum();
    assert_eq!(requeued, 50);
    let again = rooms.claim(100).await;
    assert_eq!(again.len(), 50);
    assert!(again.iter().all(|claim| claim.attempt.number == 2));
}
