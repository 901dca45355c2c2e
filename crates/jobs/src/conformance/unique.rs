//! Jobs of which there is to be one.

use super::Place;
use super::place::{Rooms, error, job, seconds};
use crate::{Clock, Enqueued, JobId, NewJob, Outcome, Status, Unique, UniqueUntil};

fn unique(number: usize, until: UniqueUntil) -> NewJob {
    NewJob {
        unique: Some(Unique { key: None, until }),
        ..job(number)
    }
}

async fn holder(rooms: &Rooms, job: NewJob) -> Option<JobId> {
    let mut enqueued = rooms.store.enqueue(vec![job]).await.unwrap();
    match enqueued.pop().unwrap() {
        Enqueued::New(_) => None,
        Enqueued::Existing(id) => Some(id),
    }
}

pub async fn a_unique_job_keeps_another_out_until_it_starts(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let one = || unique(1, UniqueUntil::Started);
    let id = rooms.add(one()).await;
    assert!(rooms.job(&id).await.unique);
    assert_eq!(holder(&rooms, one()).await, Some(id.clone()));
    assert_eq!(rooms.claim_one().await.job.id, id);
    let second = rooms.add(one()).await;
    assert_eq!(holder(&rooms, one()).await, Some(second.clone()));
    // Stopped, it keeps nobody out.
    let stopped = crate::store::JobSelector::Job(second);
    rooms.store.stop(stopped, 1).await.unwrap();
    assert_eq!(holder(&rooms, one()).await, None);
    // Nor after a day.
    rooms.pass(seconds(24 * 3600 + 1));
    assert_eq!(holder(&rooms, one()).await, None);
}

pub async fn a_unique_job_keeps_another_out_until_it_ends(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let one = || unique(1, UniqueUntil::Finished);
    let id = rooms.add(one()).await;
    let claim = rooms.claim_one().await;
    assert_eq!(holder(&rooms, one()).await, Some(id.clone()));
    rooms.finish(&claim.attempt, error(Some(seconds(10)))).await;
    assert_eq!(
        holder(&rooms, one()).await,
        Some(id.clone()),
        "it is tried again"
    );
    rooms.pass(seconds(10));
    rooms.store.promote(10).await.unwrap();
    let claim = rooms.claim_one().await;
    rooms.finish(&claim.attempt, Outcome::Success).await;
    assert_eq!(holder(&rooms, one()).await, None);
    let claim = rooms.claim_one().await;
    rooms.finish(&claim.attempt, error(None)).await;
    assert_eq!(holder(&rooms, one()).await, None);
}

pub async fn other_parameters_or_another_type_are_no_duplicate(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms.add(unique(1, UniqueUntil::Started)).await;
    rooms.add(unique(2, UniqueUntil::Started)).await;
    rooms.add(job(1)).await;
    let of_b = NewJob {
        name: "B".to_owned(),
        ..unique(1, UniqueUntil::Started)
    };
    rooms.add(of_b).await;
    // Of two in one call the first is accepted.
    let three = || unique(3, UniqueUntil::Started);
    let both = rooms.store.enqueue(vec![three(), three()]).await.unwrap();
    let [Enqueued::New(first), Enqueued::Existing(id)] = &both[..] else {
        panic!("{both:?}");
    };
    assert_eq!(first.id, *id);
    assert_eq!(first.status, Status::Pending);
}

pub async fn racing_unique_jobs_are_one(place: &dyn Place) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = place.open(Clock::Store).await;
        tasks.spawn(async move {
            let jobs = vec![unique(1, UniqueUntil::Started)];
            match store.enqueue(jobs).await.unwrap().pop().unwrap() {
                Enqueued::New(job) => (true, job.id),
                Enqueued::Existing(id) => (false, id),
            }
        });
    }
    let answers: Vec<(bool, JobId)> = tasks.join_all().await;
    let new: Vec<_> = answers.iter().filter(|(new, _)| *new).collect();
    assert_eq!(new.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(_, id)| *id == new[0].1), "{answers:?}");
}
