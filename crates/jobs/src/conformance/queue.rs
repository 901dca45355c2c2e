//! Accepting jobs and handing them out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Place;
use super::place::{LEASE, Rooms, claim, job, number, parameters, seconds};
use crate::{Clock, Enqueued, JobId, JobStore, Kind, NewJob, Outcome, Status, StoreError, Written};

pub async fn a_job_is_handed_out_once_and_succeeds(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(7)).await;
    let accepted = rooms.job(&id).await;
    assert_eq!(
        (accepted.name.as_str(), accepted.status),
        ("A", Status::Pending)
    );
    assert_eq!((accepted.kind, accepted.unique), (Kind::Generic, false));
    assert_eq!(accepted.enqueue_time.seconds(), rooms.clock.now().seconds());
    assert_eq!((number(&accepted), accepted.attempts), (7, 0));

    rooms.pass(seconds(2));
    let claimed = rooms.claim_one().await;
    assert_eq!(
        (&claimed.job.id, claimed.job.status),
        (&id, Status::Running)
    );
    assert_eq!((claimed.attempt.number, &claimed.attempt.job), (1, &id));
    assert_eq!(claimed.attempt.lease_until, rooms.clock.now().plus(LEASE));
    assert_eq!(number(&claimed.job), 7);
    assert_eq!(rooms.status(&id).await, Status::Running);
    assert!(rooms.claim(10).await.is_empty(), "it was handed out twice");

    rooms.pass(seconds(2));
    let written = rooms.finish(&claimed.attempt, Outcome::Success).await;
    assert_eq!(written, Written::Done(Status::Success));
    let done = rooms.job(&id).await;
    assert_eq!(
        (done.status, done.attempts, done.failures),
        (Status::Success, 1, 0)
    );
    assert_eq!(done.revision, accepted.revision);
    assert_eq!(done.update_time.seconds(), rooms.clock.now().seconds());
    assert!(rooms.claim(10).await.is_empty());
}

pub async fn the_same_id_twice_is_one_job(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = JobId::random();
    let named = |number| NewJob {
        id: Some(id.clone()),
        ..job(number)
    };
    assert_eq!(rooms.add(named(1)).await, id);
    let again = rooms.store.enqueue(vec![named(2), job(3)]).await.unwrap();
    assert_eq!(again[0], Enqueued::Existing(id.clone()));
    assert!(matches!(again[1], Enqueued::New(_)));
    assert_eq!(number(&rooms.job(&id).await), 1, "the first one counts");
    let claims = rooms.claim(10).await;
    assert_eq!(claims.len(), 2);
    for claim in claims {
        rooms.finish(&claim.attempt, Outcome::Success).await;
    }
    let late = rooms.store.enqueue(vec![named(4)]).await.unwrap();
    assert_eq!(
        late[0],
        Enqueued::Existing(id.clone()),
        "also once it is final"
    );
    assert!(rooms.claim(10).await.is_empty());
}

pub async fn a_call_with_one_bad_job_accepts_none(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    for bad in ["", "a b", "a/b", "ä", &"x".repeat(200)] {
        let jobs = vec![job(1), NewJob::new(bad)];
        let refused = rooms.store.enqueue(jobs).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{bad:?}");
    }
    let mut large = job(1);
    large
        .parameters
        .insert("x".into(), "y".repeat(2 << 20).into());
    let refused = rooms.store.enqueue(vec![job(1), large]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
    assert!(rooms.claim(10).await.is_empty());
}

pub async fn jobs_go_first_in_first_out(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    for first in [0, 10] {
        let jobs = (first..first + 10).map(job).collect();
        rooms.store.enqueue(jobs).await.unwrap();
        rooms.pass(seconds(1));
    }
    let mut order = Vec::new();
    for limit in [1, 3, 6, 10, 10] {
        order.extend(
            rooms
                .claim(limit)
                .await
                .iter()
                .map(|claim| number(&claim.job)),
        );
    }
    assert_eq!(order, (0..20).collect::<Vec<_>>());
}

pub async fn tenants_take_turns(place: &dyn Place) {
    if !place.takes_turns() {
        return;
    }
    let rooms = Rooms::open(place).await;
    let of = |tenant: &str, number| NewJob {
        tenant: tenant.to_owned(),
        ..job(number)
    };
    let many = (0..200).map(|number| of("large", number)).collect();
    rooms.store.enqueue(many).await.unwrap();
    // A hundred are done before the others come: what was had before does not count.
    for claim in rooms.claim(100).await {
        rooms.finish(&claim.attempt, Outcome::Success).await;
    }
    rooms.pass(seconds(1000));
    for number in 0..5 {
        rooms.add(of("small", number)).await;
        rooms.add(of("other", number)).await;
    }
    let mut had: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for _ in 0..18 {
        let claimed = rooms.claim_one().await.job;
        had.entry(claimed.tenant.clone())
            .or_default()
            .push(number(&claimed));
    }
    assert_eq!(had["small"], [0, 1, 2, 3, 4]);
    assert_eq!(had["other"], [0, 1, 2, 3, 4]);
    assert_eq!(had["large"], (100..108).collect::<Vec<_>>());
}

pub async fn a_type_with_a_head_start_goes_first_and_the_other_ages(place: &dyn Place) {
    if !place.keeps_priorities() {
        return;
    }
    let rooms = Rooms::open(place).await;
    let types = [("A", None, 0), ("B", None, 60)];
    let add = async |name: &str, count: usize| {
        let jobs = (0..count).map(|_| NewJob::new(name)).collect();
        rooms.store.enqueue(jobs).await.unwrap();
    };
    let next = async |limit| {
        let claims = rooms.claim_of(&types, limit).await;
        let names = claims.iter().map(|claim| claim.job.name.clone());
        names.collect::<Vec<_>>().concat()
    };
    add("A", 3).await;
    rooms.pass(seconds(30));
    add("B", 3).await;
    assert_eq!(next(2).await, "BB", "30 s are less than the head start");
    rooms.pass(seconds(60));
    add("B", 3).await;
    // A has waited for 90 s, the one B that is left for 60, the others not at all.
    assert_eq!(next(1).await, "B");
    let mut mixed: Vec<char> = next(2).await.chars().collect();
    mixed.sort_unstable();
    assert_eq!(mixed, ['A', 'A'], "who waits for long enough goes first");
    assert_eq!(next(1).await, "A");
    assert_eq!(next(5).await, "BBB");
}

pub async fn many_claimers_get_each_job_once(place: &dyn Place) {
    const JOBS: usize = 400;
    let mut tasks = tokio::task::JoinSet::new();
    let first = place.open(Clock::Store).await;
    let jobs = (0..JOBS).map(job).collect();
    first.enqueue(jobs).await.unwrap();
    for claimer in 0..8_u32 {
        let store = place.open(Clock::Store).await;
        tasks.spawn(async move {
            let mut had = Vec::new();
            loop {
                let claims = claim(&*store, &[("A", None, 0)], 1 + claimer % 4).await;
                if claims.is_empty() && first_is_empty(&*store).await {
                    return had;
                }
                let ends: Vec<_> = claims
                    .iter()
                    .map(|claim| (claim.attempt.clone(), Outcome::Success))
                    .collect();
                had.extend(claims.iter().map(|claim| number(&claim.job)));
                for written in store.finish(ends).await.unwrap() {
                    assert_eq!(written, Written::Done(Status::Success));
                }
            }
        });
    }
    let mut had: Vec<usize> = Vec::new();
    while let Some(of_one) = tasks.join_next().await {
        had.extend(of_one.unwrap());
    }
    had.sort_unstable();
    assert_eq!(had, (0..JOBS).collect::<Vec<_>>());
}

async fn first_is_empty(store: &dyn JobStore) -> bool {
    let queues = store.queues().await.unwrap();
    queues.iter().all(|queue| queue.pending == 0)
}

pub async fn a_limited_type_never_runs_more_at_a_time(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..10).map(job).collect())
        .await
        .unwrap();
    let types = [("A", Some(3), 0)];
    let first = rooms.claim_of(&types, 2).await;
    assert_eq!(first.len(), 2);
    let second = rooms.claim_of(&types, 10).await;
    assert_eq!(second.len(), 1, "the limit is three");
    assert!(rooms.claim_of(&types, 10).await.is_empty());
    rooms.finish(&first[0].attempt, Outcome::Success).await;
    assert_eq!(rooms.claim_of(&types, 10).await.len(), 1);
    assert!(rooms.claim_of(&types, 10).await.is_empty());
    // Leases that have ended hold no place, whoever has not let go of them.
    rooms.pass(LEASE + seconds(1));
    assert_eq!(rooms.claim_of(&types, 10).await.len(), 3);
}

pub async fn racing_claimers_never_exceed_the_limit(place: &dyn Place) {
    let types = [("A", Some(2), 0), ("B", Some(1), 0)];
    for round in 0..5 {
        let mut stores: Vec<Arc<dyn JobStore>> = Vec::new();
        for _ in 0..6 {
            stores.push(place.open(Clock::Store).await);
        }
        let jobs = (0..20).flat_map(|n| [job(n), NewJob::new("B")]).collect();
        stores[0].enqueue(jobs).await.unwrap();
        let claims = stores.iter().map(|store| claim(&**store, &types, 4));
        let claims = futures_util::future::join_all(claims).await.concat();
        let mut running: BTreeMap<&str, usize> = BTreeMap::new();
        for claim in &claims {
            *running.entry(&claim.job.name).or_default() += 1;
        }
        assert_eq!(
            running,
            BTreeMap::from([("A", 2), ("B", 1)]),
            "round {round}"
        );
        for claim in claims {
            let end = vec![(claim.attempt, Outcome::Success)];
            stores[0].finish(end).await.unwrap();
        }
    }
}

pub async fn a_paused_queue_hands_out_nothing(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let other = Rooms::open_at(place, rooms.clock.clone()).await;
    let types = [("A", None, 0), ("B", None, 0)];
    rooms.store.set_paused("A", true).await.unwrap();
    rooms.add(job(1)).await;
    rooms.add(NewJob::new("B")).await;
    let claims = other.claim_of(&types, 10).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].job.name, "B");
    let queues = rooms.store.queues().await.unwrap();
    let paused = queues.iter().filter(|queue| queue.paused);
    assert_eq!(paused.map(|queue| &*queue.name).collect::<Vec<_>>(), ["A"]);
    rooms.store.set_paused("A", false).await.unwrap();
    assert_eq!(other.claim_of(&types, 10).await.len(), 1);
    let unknown = rooms.store.set_paused("a b", true).await;
    assert!(matches!(unknown, Err(StoreError::Invalid(_))));
}

pub async fn a_delayed_job_waits_for_its_time(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let run_at = rooms.clock.now().plus(seconds(600));
    let id = rooms
        .add(NewJob {
            run_at: Some(run_at),
            ..job(1)
        })
        .await;
    let waiting = rooms.job(&id).await;
    assert_eq!(
        (waiting.status, waiting.kind),
        (Status::Scheduled, Kind::Scheduled)
    );
    assert_eq!(waiting.run_at.seconds(), run_at.seconds());
    rooms.pass(seconds(599));
    let promoted = rooms.store.promote(10).await.unwrap();
    assert_eq!(
        (promoted.jobs, promoted.next.seconds()),
        (0, run_at.seconds())
    );
    assert!(rooms.claim(1).await.is_empty());
    rooms.pass(seconds(1));
    assert_eq!(rooms.store.promote(10).await.unwrap().jobs, 1);
    assert_eq!(rooms.store.promote(10).await.unwrap().jobs, 0);
    assert_eq!(rooms.claim_one().await.job.id, id);

    let past = rooms.clock.now().minus(seconds(5));
    let late = rooms
        .add(NewJob {
            run_at: Some(past),
            parameters: parameters(2),
            ..NewJob::new("A")
        })
        .await;
    rooms.store.promote(10).await.unwrap();
    assert_eq!(
        rooms.claim_one().await.job.id,
        late,
        "a time in the past is now"
    );
}

pub async fn only_known_types_are_handed_out(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms.add(NewJob::new("C")).await;
    rooms.add(NewJob::new("B")).await;
    assert!(rooms.claim(10).await.is_empty());
    assert!(rooms.claim_of(&[], 10).await.is_empty());
    assert!(rooms.claim_of(&[("B", None, 0)], 0).await.is_empty());
    let claims = rooms.claim_of(&[("A", None, 0), ("B", None, 0)], 10).await;
    let names: BTreeSet<_> = claims.iter().map(|claim| &*claim.job.name).collect();
    assert_eq!(names, BTreeSet::from(["B"]));
}
