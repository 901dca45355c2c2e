//! How runs end.

use super::Place;
use super::place::{Rooms, error, job, number, seconds, with_hook};
use crate::{
    MOST_CHECK_IN_BYTES, MOST_PROGRESS_BYTES, Outcome, Progress, Report, Status, StoreError,
    Written,
};

pub async fn a_failure_is_tried_again_under_a_new_revision(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let first = rooms.claim_one().await;
    let written = rooms.finish(&first.attempt, error(Some(seconds(60)))).await;
    assert_eq!(written, Written::Done(Status::Scheduled));
    let waiting = rooms.job(&id).await;
    assert_eq!((waiting.status, waiting.failures), (Status::Scheduled, 1));
    assert_eq!(waiting.run_at.seconds(), rooms.clock.now().seconds() + 60);
    assert!(
        waiting.revision > first.job.revision,
        "even in the same second"
    );
    assert_eq!(waiting.error.as_deref(), Some("it went wrong"));
    rooms.pass(seconds(59));
    rooms.store.promote(10).await.unwrap();
    assert!(rooms.claim(1).await.is_empty());
    rooms.pass(seconds(1));
    rooms.store.promote(10).await.unwrap();
    let second = rooms.claim_one().await;
    assert_eq!((second.attempt.number, second.job.failures), (2, 1));
    rooms.pass(seconds(5));
    rooms.finish(&second.attempt, Outcome::Success).await;
    let done = rooms.job(&id).await;
    assert_eq!(
        (done.status, done.attempts, done.failures),
        (Status::Success, 2, 1)
    );
    let history = rooms.store.attempts(&id).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|one| (one.number, &*one.outcome, &*one.message, &*one.pool))
        .collect();
    let expected = [
        (1, "error", "it went wrong", "pool"),
        (2, "success", "", "pool"),
    ];
    assert_eq!(told, expected);
    let took = history[1].end_time.seconds() - history[1].start_time.seconds();
    assert_eq!(took, 5);
}

pub async fn the_last_failure_is_an_error_with_its_message(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let claim = rooms.claim_one().await;
    let outcome = Outcome::Error {
        message: format!("nul \0 and {}", "ä".repeat(20_000)),
        retry_after: None,
    };
    let written = rooms.finish(&claim.attempt, outcome).await;
    assert_eq!(written, Written::Done(Status::Error));
    let job = rooms.job(&id).await;
    assert_eq!((job.status, job.failures), (Status::Error, 1));
    let message = job.error.unwrap();
    assert!(
        message.starts_with("nul ") && message.len() < 10_000,
        "cut to size"
    );
    rooms.store.promote(10).await.unwrap();
    assert!(rooms.claim(1).await.is_empty());
}

pub async fn a_released_attempt_is_not_counted_and_keeps_its_place(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..3).map(job).collect())
        .await
        .unwrap();
    let first = rooms.claim_one().await;
    let written = rooms.finish(&first.attempt, Outcome::Released).await;
    assert_eq!(written, Written::Done(Status::Pending));
    let released = rooms.job(&first.job.id).await;
    assert_eq!((released.attempts, released.failures), (0, 0));
    assert!(released.revision > first.job.revision);
    let claims = rooms.claim(3).await;
    let order: Vec<_> = claims.iter().map(|claim| number(&claim.job)).collect();
    assert_eq!(order, [0, 1, 2]);
    assert_eq!(claims[0].attempt.number, 1);
}

pub async fn an_outcome_counts_once(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let attempt = rooms.claim_one().await.attempt;
    let twice = vec![
        (attempt.clone(), Outcome::Success),
        (attempt.clone(), error(None)),
    ];
    let written = rooms.store.finish(twice).await.unwrap();
    assert_eq!(written, [Written::Done(Status::Success), Written::Fenced]);
    assert_eq!(
        rooms.finish(&attempt, Outcome::Success).await,
        Written::Fenced
    );
    assert_eq!(rooms.status(&id).await, Status::Success);
}

pub async fn outcomes_of_many_jobs_are_written_together(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms
        .store
        .enqueue((0..8).map(job).collect())
        .await
        .unwrap();
    let claims = rooms.claim(8).await;
    let mut outcomes: Vec<_> = claims
        .iter()
        .map(|claim| (claim.attempt.clone(), Outcome::Success))
        .collect();
    outcomes[1].1 = error(None);
    outcomes[2].1 = error(Some(seconds(9)));
    outcomes[3].1 = Outcome::Stopped;
    outcomes[4].1 = Outcome::Released;
    outcomes[5].0.token += 1;
    let written = rooms.store.finish(outcomes).await.unwrap();
    let done = Written::Done;
    let expected = [
        done(Status::Success),
        done(Status::Error),
        done(Status::Scheduled),
        done(Status::Stopped),
        done(Status::Pending),
        Written::Fenced,
        done(Status::Success),
        done(Status::Success),
    ];
    assert_eq!(written, expected);
    let mut statuses = Vec::new();
    for claim in &claims {
        statuses.push(rooms.status(&claim.job.id).await);
    }
    assert_eq!(statuses[5], Status::Running);
    assert_eq!(statuses[3], Status::Stopped);
}

pub async fn the_latest_progress_is_kept(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(job(1)).await;
    let attempt = rooms.claim_one().await.attempt;
    let progress = |done| Progress {
        done,
        total: Some(10),
        message: "counting".to_owned(),
    };
    let reports = [1, 2, 3].map(|done| (attempt.clone(), Report::Progress(progress(done))));
    let written = rooms.store.report(reports.to_vec()).await.unwrap();
    assert_eq!(written, [Written::Done(Status::Running); 3]);
    assert_eq!(rooms.job(&id).await.progress, Some(progress(3)));
}

pub async fn what_a_run_says_is_limited(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    let attempt = rooms.claim_one().await.attempt;
    let check_in = |bytes| Report::CheckIn("x".repeat(bytes));
    let progress = |bytes| {
        Report::Progress(Progress {
            message: "x".repeat(bytes),
            ..Progress::default()
        })
    };
    let say = async |reports: &[Report]| {
        let reports = reports
            .iter()
            .map(|report| (attempt.clone(), report.clone()));
        rooms.store.report(reports.collect()).await
    };
    for large in [
        check_in(MOST_CHECK_IN_BYTES + 1),
        progress(MOST_PROGRESS_BYTES + 1),
    ] {
        let refused = say(&[check_in(1), large]).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid(_))),
            "{refused:?}"
        );
    }
    let job = rooms.job(&id).await;
    assert_eq!((job.progress, job.check_in_at.is_never()), (None, true));
    let largest = [check_in(MOST_CHECK_IN_BYTES), progress(MOST_PROGRESS_BYTES)];
    let written = say(&largest).await.unwrap();
    assert_eq!(written, [Written::Done(Status::Running); 2]);
}
