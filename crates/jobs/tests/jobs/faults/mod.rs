//! What dies, and what must hold all the same: every accepted job ends exactly once in a final
//! state, and its hook hears of it at least once, in order.

mod cables;
mod clocks;
mod kills;
mod networks;
mod restarts;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use seawall_jobs::store::QueueRecord;
use seawall_jobs::{JobId, JobStore, NewJob, Status};
use serde_json::{Value, json};

use crate::receiver::Receiver;

/// How long a storm may take to calm down.
const PATIENCE: Duration = Duration::from_mins(3);

/// Jobs that take moments, some of which fail once or for good.
fn storm(receiver: &Receiver, jobs: usize) -> Vec<NewJob> {
    (0..jobs)
        .map(|number| {
            let mut job = NewJob {
                id: Some(JobId::random()),
                hook: Some(receiver.hook()),
                ..NewJob::new("STORM")
            };
            job.parameters.insert("number".to_owned(), json!(number));
            job
        })
        .collect()
}

/// Which status the job of this number is to end in.
fn expected(number: u64) -> Status {
    if number.is_multiple_of(11) {
        Status::Error
    } else {
        Status::Success
    }
}

fn ids(jobs: &[NewJob]) -> BTreeSet<String> {
    let ids = jobs.iter().filter_map(|job| job.id.as_ref());
    ids.map(JobId::to_string).collect()
}

/// The jobs of which the receiver has heard a final status.
fn ended(receiver: &Receiver) -> BTreeSet<String> {
    let heard = receiver.heard();
    let finals = heard.iter().filter(|body| status(body).is_final());
    finals
        .map(|body| body["job_id"].as_str().unwrap().to_owned())
        .collect()
}

fn status(body: &Value) -> Status {
    body["status"].as_str().unwrap().parse().unwrap()
}

/// Asks again until the answer is known: the ids make it harmless.
async fn enqueue(store: &dyn JobStore, jobs: &[NewJob]) {
    for chunk in jobs.chunks(500) {
        let started = Instant::now();
        while let Err(error) = store.enqueue(chunk.to_vec()).await {
            assert!(error.is_retryable(), "{error}");
            assert!(started.elapsed() < PATIENCE, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// How many attempts at these jobs were lost; none of them succeeded twice.
async fn losses(store: &dyn JobStore, jobs: &[NewJob]) -> usize {
    let mut losses = 0;
    for job in jobs {
        let attempts = store.attempts(job.id.as_ref().unwrap()).await.unwrap();
        let count = |outcome| attempts.iter().filter(|one| one.outcome == outcome).count();
        assert!(count("success") <= 1, "{attempts:?}");
        losses += count("lost");
    }
    losses
}

async fn until_all_ended(receiver: &Receiver, jobs: &[NewJob]) {
    let (started, ids) = (Instant::now(), ids(jobs));
    while !ended(receiver).is_superset(&ids) {
        let left = ids.difference(&ended(receiver)).count();
        assert!(
            started.elapsed() < PATIENCE,
            "{left} of {} jobs have not ended",
            ids.len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What must hold once all have ended.
async fn check(store: &dyn JobStore, receiver: &Receiver, jobs: &[NewJob]) {
    let mut told: BTreeMap<String, Vec<(i64, i64, Status)>> = BTreeMap::new();
    for body in receiver.heard() {
        let revision = body["metadata"]["revision"].as_i64().unwrap();
        let status = status(&body);
        let id = body["job_id"].as_str().unwrap().to_owned();
        told.entry(id)
            .or_default()
            .push((revision, status.code(), status));
    }
    for new in jobs {
        let id = new.id.as_ref().unwrap();
        let job = store
            .find(id)
            .await
            .unwrap()
            .expect("an accepted job is there");
        let number = job.parameters["number"].as_u64().unwrap();
        assert_eq!(job.status, expected(number), "{job:?}");
        let mut told = told.remove(id.as_str()).unwrap();
        let finals: BTreeSet<&str> = told
            .iter()
            .filter(|(_, _, status)| status.is_final())
            .map(|(_, _, status)| status.as_str())
            .collect();
        assert_eq!(finals, BTreeSet::from([job.status.as_str()]), "{told:?}");
        assert_eq!(told.last().unwrap().2, job.status, "{told:?}");
        // Told again is allowed, told in another order is not.
        told.dedup();
        let ordered = told
            .windows(2)
            .all(|pair| (pair[0].0, pair[0].1) <= (pair[1].0, pair[1].1));
        assert!(ordered, "{told:?}");
    }
    // Nothing is left behind, at the latest when the leases of the dead have ended.
    let started = Instant::now();
    loop {
        store.rescue(1000).await.unwrap();
        let queues = store.queues().await.unwrap();
        let left = |queue: &QueueRecord| queue.pending + queue.scheduled + queue.running;
        if queues.iter().map(left).sum::<u64>() == 0 {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{queues:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
