//! The outbox: every change is told at least once, and in order.

use std::collections::BTreeSet;

use super::Place;
use super::place::{LEASE, Rooms, error, hook_request, job, seconds, with_hook};
use crate::{
    Delivery, HookEvent, HookRequest, HookTarget, NewJob, Outcome, Report, Status, Written,
};

async fn settle(rooms: &Rooms, event: &HookEvent, delivery: Delivery) {
    let deliveries = vec![(event.clone(), delivery)];
    rooms.store.settle_hooks(deliveries).await.unwrap();
}

/// Takes the one event that is due, and says it was delivered.
async fn hear(rooms: &Rooms) -> HookEvent {
    let mut due = rooms.due_hooks().await;
    assert_eq!(due.len(), 1, "{due:?}");
    let event = due.remove(0);
    settle(rooms, &event, Delivery::Delivered).await;
    event
}

pub async fn a_hook_hears_each_change_in_order(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    rooms.add(job(2)).await;
    assert!(rooms.due_hooks().await.is_empty(), "nothing happened yet");
    for claim in rooms.claim(2).await {
        rooms.pass(seconds(3));
        rooms.finish(&claim.attempt, Outcome::Success).await;
    }
    let running = hear(&rooms).await;
    assert_eq!((&running.job.id, running.status()), (&id, Status::Running));
    assert_eq!((running.tries, running.check_in.as_str()), (0, ""));
    assert_eq!(running.target.as_str(), "http://127.0.0.1:1/hook");
    let body = running.body();
    assert_eq!(body["job_id"], id.as_str());
    assert_eq!(body["status"], "Running");
    assert_eq!(body["metadata"]["status"], "Running");
    assert_eq!(body["metadata"]["revision"], running.job.revision);
    assert_eq!(body["metadata"]["parameters"]["number"], 1);
    assert_eq!(body["metadata"]["web_hook_url"], "http://127.0.0.1:1/hook");
    let done = hear(&rooms).await;
    assert_eq!((&done.job.id, done.status()), (&id, Status::Success));
    assert!(rooms.due_hooks().await.is_empty());
}

pub async fn a_check_in_is_heard_in_its_place(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    let attempt = rooms.claim_one().await.attempt;
    for text in ["one", "two \0 nul", "three"] {
        rooms.pass(seconds(1));
        let report = vec![(attempt.clone(), Report::CheckIn(text.to_owned()))];
        let written = rooms.store.report(report).await.unwrap();
        assert_eq!(written, [Written::Done(Status::Running)]);
    }
    let at = rooms.clock.now();
    assert_eq!(rooms.job(&id).await.check_in_at.seconds(), at.seconds());
    rooms.finish(&attempt, Outcome::Success).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let event = hear(&rooms).await;
        if !event.check_in.is_empty() {
            assert_eq!(event.body()["check_in"], event.check_in.as_str());
            assert_ne!(event.ack().check_in_at, 0);
        }
        told.push(format!("{} {}", event.status(), event.check_in));
    }
    assert_eq!(
        told,
        [
            "Running ",
            "Running one",
            "Running two \u{fffd} nul",
            "Running three",
            "Success "
        ]
    );
}

pub async fn what_was_not_settled_is_handed_out_again(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms.add(with_hook(job(1))).await;
    rooms.claim_one().await;
    let first = rooms.due_hooks().await;
    assert_eq!(first.len(), 1);
    assert!(rooms.due_hooks().await.is_empty(), "somebody is at it");
    rooms.pass(hook_request().lease + seconds(1));
    let again = rooms.due_hooks().await;
    assert_eq!(again.len(), 1, "the deliverer died");
    assert_eq!(again[0].id, first[0].id);
    settle(&rooms, &again[0], Delivery::Delivered).await;
    // The first deliverer was not dead after all.
    settle(&rooms, &first[0], Delivery::Delivered).await;
    rooms.pass(seconds(3600));
    assert!(rooms.due_hooks().await.is_empty());
}

pub async fn what_was_not_taken_waits_and_holds_back_what_follows(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    let attempt = rooms.claim_one().await.attempt;
    rooms.finish(&attempt, Outcome::Success).await;
    for tries in 0..3 {
        let due = rooms.due_hooks().await;
        assert_eq!(due.len(), 1, "only the oldest");
        assert_eq!((due[0].status(), due[0].tries), (Status::Running, tries));
        let wait = seconds(10);
        settle(&rooms, &due[0], Delivery::Failed { retry_after: wait }).await;
        rooms.pass(wait - seconds(1));
        assert!(rooms.due_hooks().await.is_empty(), "it waits");
        rooms.pass(seconds(1));
    }
    assert_eq!(rooms.job(&id).await.ack, None);
    assert_eq!(hear(&rooms).await.status(), Status::Running);
    assert_eq!(hear(&rooms).await.status(), Status::Success);
}

pub async fn a_delivery_that_goes_on_is_held(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms.add(with_hook(job(1))).await;
    rooms.claim_one().await;
    let event = rooms.due_hooks().await.remove(0);
    let lease = seconds(10);
    for _ in 0..10 {
        settle(&rooms, &event, Delivery::Held { lease }).await;
        rooms.pass(lease - seconds(1));
        assert!(rooms.due_hooks().await.is_empty(), "somebody is at it");
    }
    // The deliverer died.
    rooms.pass(seconds(1));
    let again = rooms.due_hooks().await.remove(0);
    assert_eq!((&again.id, again.tries), (&event.id, 0));
    settle(&rooms, &again, Delivery::Delivered).await;
    // The first one was not dead after all.
    settle(&rooms, &event, Delivery::Held { lease }).await;
    rooms.pass(seconds(3600));
    assert!(rooms.due_hooks().await.is_empty());
}

pub async fn an_event_is_handed_to_one_deliverer(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let jobs = (0..60).map(|number| with_hook(job(number))).collect();
    rooms.store.enqueue(jobs).await.unwrap();
    rooms.claim(60).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(Rooms::open_at(place, rooms.clock.clone()).await);
    }
    let mut had = Vec::new();
    for _ in 0..20 {
        let request = || HookRequest {
            limit: 7,
            ..hook_request()
        };
        let due = others.iter().map(|other| other.store.due_hooks(request()));
        for events in futures_util::future::join_all(due).await {
            had.extend(events.unwrap().into_iter().map(|event| event.id));
        }
    }
    assert_eq!(had.len(), 60);
    assert_eq!(had.iter().collect::<BTreeSet<_>>().len(), 60);
}

pub async fn an_acknowledgement_is_kept_with_the_job(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.add(with_hook(job(1))).await;
    let attempt = rooms.claim_one().await.attempt;
    let revision = rooms.job(&id).await.revision;
    hear(&rooms).await;
    let ack = rooms.job(&id).await.ack.unwrap();
    assert_eq!((ack.status, ack.revision), (Status::Running, revision));
    rooms.finish(&attempt, Outcome::Success).await;
    hear(&rooms).await;
    let ack = rooms.job(&id).await.ack.unwrap();
    assert_eq!((ack.status, ack.revision), (Status::Success, revision));
}

pub async fn events_for_other_receivers_are_left_alone(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let of = |name| NewJob {
        hook: Some(HookTarget::in_process(name)),
        ..job(1)
    };
    rooms
        .store
        .enqueue(vec![of("tasks"), of("else"), with_hook(job(2))])
        .await
        .unwrap();
    rooms.claim(3).await;
    let request = HookRequest {
        urls: false,
        receivers: vec!["tasks".to_owned(), "nobody".to_owned()],
        ..hook_request()
    };
    let due = rooms.store.due_hooks(request).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].target.receiver(), Some("tasks"));
    let due = rooms.due_hooks().await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].target.receiver(), None);
}

pub async fn retries_and_losses_are_told_too(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    rooms.add(with_hook(job(1))).await;
    let attempt = rooms.claim_one().await.attempt;
    rooms.finish(&attempt, error(Some(seconds(10)))).await;
    rooms.pass(seconds(10));
    rooms.store.promote(10).await.unwrap();
    rooms.claim_one().await;
    rooms.pass(LEASE + seconds(1));
    rooms.store.rescue(10).await.unwrap();
    let attempt = rooms.claim_one().await.attempt;
    rooms.finish(&attempt, error(None)).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let event = hear(&rooms).await;
        told.push((event.status(), event.job.revision));
    }
    let statuses: Vec<_> = told.iter().map(|(status, _)| *status).collect();
    let expected = [
        Status::Running,
        Status::Scheduled,
        Status::Running,
        Status::Running,
        Status::Error,
    ];
    assert_eq!(statuses, expected);
    // What Harbor's core accepts: a later revision, or the same one and a later status.
    for pair in told.windows(2) {
        let order = |(status, revision): (Status, i64)| (revision, status.code());
        assert!(order(pair[0]) < order(pair[1]), "{told:?}");
    }
}
