//! Schedules.

use super::Place;
use super::place::{Rooms, seconds, with_hook};
use crate::store::JobSelector;
use crate::{
    HeldClock, Job, JobId, Kind, MissedFires, NewJob, NewSchedule, Outcome, Overlap, Status,
    StoreError,
};

/// Every minute.
fn each_minute() -> NewSchedule {
    let hooked = with_hook(NewJob::new("A"));
    NewSchedule {
        numeric_id: 42,
        hook: hooked.hook,
        ..NewSchedule::new("A", "0 * * * * *".parse().unwrap())
    }
}

async fn fire(rooms: &Rooms) -> (u64, u64) {
    let fired = rooms.store.fire(100).await.unwrap();
    rooms.store.promote(100).await.unwrap();
    (fired.jobs, fired.dropped)
}

/// The runs, the earliest slot first.
async fn runs(rooms: &Rooms, id: &JobId) -> Vec<Job> {
    let executions = rooms.store.executions(id, false, 0, 100).await.unwrap();
    assert_eq!(executions.total, executions.jobs.len() as u64);
    let mut jobs = executions.jobs;
    jobs.reverse();
    jobs
}

pub async fn a_schedule_fires_once_for_each_slot(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let start = rooms.clock.now().seconds();
    let schedule = rooms.store.put_schedule(each_minute()).await.unwrap();
    assert_eq!(
        (schedule.kind, schedule.status),
        (Kind::Periodic, Status::Scheduled)
    );
    assert_eq!(schedule.cron_spec.as_deref(), Some("0 * * * * *"));
    assert_eq!(schedule.numeric_policy_id, 42);
    let id = schedule.id;
    assert_eq!(rooms.job(&id).await.kind, Kind::Periodic);
    let listed = rooms.store.schedules().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, id);
    assert_eq!(listed[0].definition.cron.as_str(), "0 * * * * *");

    for _ in 0..13 {
        fire(&rooms).await;
        fire(&rooms).await;
        rooms.pass(seconds(10));
    }
    let claims = rooms.claim(100).await;
    let slots: Vec<_> = claims.iter().map(|claim| claim.job.id.clone()).collect();
    assert_eq!(slots, [id.execution(start + 60), id.execution(start + 120)]);
    for claim in &claims {
        let job = &claim.job;
        assert_eq!(
            (job.kind, job.upstream_job_id.as_ref()),
            (Kind::Scheduled, Some(&id))
        );
        assert_eq!(job.numeric_policy_id, 42);
        assert_eq!(Some(job.run_at.seconds()), job.id.slot());
        assert!(job.hook.is_some());
        rooms.finish(&claim.attempt, Outcome::Success).await;
    }
    let first_page = rooms.store.executions(&id, false, 0, 1).await.unwrap();
    assert_eq!(first_page.total, 2);
    assert_eq!(first_page.jobs.len(), 1);
    assert_eq!(first_page.jobs[0].id, slots[1], "the latest first");
    let unfinished = rooms.store.executions(&id, true, 0, 10).await.unwrap();
    assert_eq!(unfinished.total, unfinished.jobs.len() as u64);
    assert!(unfinished.jobs.iter().all(|job| !job.status.is_final()));
}

pub async fn replicas_five_minutes_apart_fire_a_slot_once(place: &dyn Place) {
    let behind = Rooms::open(place).await;
    let ahead_clock = HeldClock::new(behind.clock.now().plus(seconds(300)));
    let ahead = Rooms::open_at(place, ahead_clock).await;
    let schedule = NewSchedule {
        missed: MissedFires::All,
        ..each_minute()
    };
    let start = behind.clock.now().seconds();
    let id = behind.store.put_schedule(schedule).await.unwrap().id;
    let mut had = Vec::new();
    for _ in 0..40 {
        tokio::join!(fire(&ahead), fire(&behind));
        for rooms in [&behind, &ahead] {
            rooms.pass(seconds(15));
            for claim in rooms.claim(100).await {
                had.push(claim.job.id.clone());
                rooms.finish(&claim.attempt, Outcome::Success).await;
            }
        }
    }
    let mut once = had.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), had.len(), "a slot ran twice: {had:?}");
    // Ten minutes of the one behind have passed: none of its slots is missing.
    for minute in 1..=9 {
        assert!(had.contains(&id.execution(start + 60 * minute)), "{minute}");
    }
}

pub async fn missed_slots_are_dropped_made_up_once_or_all(place: &dyn Place) {
    for (missed, expected) in [
        (MissedFires::Skip, vec![60]),
        (MissedFires::Once, vec![59, 60]),
        (MissedFires::All, (1..=60).collect::<Vec<i64>>()),
    ] {
        let rooms = Rooms::open(place).await;
        let start = rooms.clock.now().seconds();
        let schedule = NewSchedule {
            missed,
            ..each_minute()
        };
        let id = rooms.store.put_schedule(schedule).await.unwrap().id;
        // Nobody is there for an hour, and thirty seconds: the last slot is not missed.
        rooms.pass(seconds(3630));
        while fire(&rooms).await.0 > 0 {}
        let slots: Vec<i64> = runs(&rooms, &id)
            .await
            .iter()
            .filter(|job| job.id.slot().unwrap() <= start + 3600)
            .map(|job| (job.id.slot().unwrap() - start) / 60)
            .collect();
        assert_eq!(slots, expected, "{missed:?}");
        let selector = JobSelector::Job(id);
        rooms.store.stop(selector, 10).await.unwrap();
    }
}

pub async fn overlapping_runs_queue_skip_or_replace(place: &dyn Place) {
    for (overlap, expected) in [
        (Overlap::Queue, [Status::Running, Status::Pending]),
        (Overlap::Skip, [Status::Running, Status::Running]),
        (Overlap::Replace, [Status::Stopped, Status::Pending]),
    ] {
        let rooms = Rooms::open(place).await;
        let start = rooms.clock.now().seconds();
        let schedule = NewSchedule {
            overlap,
            ..each_minute()
        };
        let id = rooms.store.put_schedule(schedule).await.unwrap().id;
        let slot = |minute: i64| id.execution(start + 60 * minute);
        rooms.pass(seconds(60));
        fire(&rooms).await;
        let first = rooms.claim_one().await;
        assert_eq!(first.job.id, slot(1));
        rooms.pass(seconds(60));
        fire(&rooms).await;
        assert_eq!(rooms.status(&slot(1)).await, expected[0], "{overlap:?}");
        if overlap == Overlap::Skip {
            assert!(rooms.claim(1).await.is_empty());
        } else {
            assert_eq!(rooms.status(&slot(2)).await, expected[1], "{overlap:?}");
        }
        // Once the first has ended there is room again.
        rooms.finish(&first.attempt, Outcome::Success).await;
        for claim in rooms.claim(1).await {
            rooms.finish(&claim.attempt, Outcome::Success).await;
        }
        rooms.pass(seconds(60));
        fire(&rooms).await;
        assert_eq!(rooms.claim_one().await.job.id, slot(3), "{overlap:?}");
        let selector = JobSelector::Job(id);
        rooms.store.stop(selector, 10).await.unwrap();
    }
}

pub async fn a_stopped_schedule_fires_no_more(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let id = rooms.store.put_schedule(each_minute()).await.unwrap().id;
    rooms.pass(seconds(60));
    fire(&rooms).await;
    let running = rooms.claim_one().await;
    rooms.pass(seconds(60));
    fire(&rooms).await;
    let selector = JobSelector::Job(id.clone());
    assert!(rooms.store.stop(selector, 10).await.unwrap().jobs >= 1);
    assert!(rooms.store.schedules().await.unwrap().is_empty());
    rooms.pass(seconds(600));
    assert_eq!(fire(&rooms).await, (0, 0));
    assert!(
        rooms.claim(10).await.is_empty(),
        "what had not begun is stopped"
    );
    rooms.finish(&running.attempt, Outcome::Success).await;
    let statuses: Vec<_> = runs(&rooms, &id)
        .await
        .iter()
        .map(|job| job.status)
        .collect();
    assert_eq!(statuses[..2], [Status::Success, Status::Stopped]);
    assert!(statuses.iter().all(|status| status.is_final()));
}

pub async fn a_schedule_is_replaced_by_its_id(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let start = rooms.clock.now().seconds();
    let id = rooms.store.put_schedule(each_minute()).await.unwrap().id;
    let hourly = NewSchedule {
        id: Some(id.clone()),
        cron: "0 0 * * * *".parse().unwrap(),
        ..each_minute()
    };
    assert_eq!(rooms.store.put_schedule(hourly).await.unwrap().id, id);
    assert_eq!(rooms.store.schedules().await.unwrap().len(), 1);
    rooms.pass(seconds(3600));
    fire(&rooms).await;
    let claims = rooms.claim(100).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].job.id, id.execution(start + 3600));

    let taken = rooms.add(NewJob::new("A")).await;
    let refused = NewSchedule {
        id: Some(taken),
        ..each_minute()
    };
    let refused = rooms.store.put_schedule(refused).await;
    assert!(
        matches!(refused, Err(StoreError::Invalid(_))),
        "{refused:?}"
    );
    let never = NewSchedule::new("A", "0 0 0 30 2 *".parse().unwrap());
    rooms.store.put_schedule(never).await.unwrap();
    rooms.pass(seconds(24 * 3600));
    rooms.store.fire(10).await.unwrap();
}

pub async fn a_schedule_that_is_put_again_keeps_its_slot(place: &dyn Place) {
    let rooms = Rooms::open(place).await;
    let start = rooms.clock.now().seconds();
    let id: JobId = "again".parse().unwrap();
    let put = async |cron: &str| {
        let schedule = NewSchedule {
            id: Some(id.clone()),
            cron: cron.parse().unwrap(),
            ..each_minute()
        };
        rooms.store.put_schedule(schedule).await.unwrap();
        rooms.store.schedules().await.unwrap()[0]
            .next_fire
            .seconds()
            - start
    };
    assert_eq!(put("0 * * * * *").await, 60);
    rooms.pass(seconds(60));
    // The slot has come, and nobody has fired it yet.
    assert_eq!(put("0 * * * * *").await, 60);
    assert_eq!(fire(&rooms).await, (1, 0));
    assert_eq!(rooms.claim_one().await.job.id, id.execution(start + 60));
    assert_eq!(put("0 * * * * *").await, 120, "it was fired");
    rooms.pass(seconds(60));
    assert_eq!(put("0 0 * * * *").await, 3600, "another expression");
    assert_eq!(fire(&rooms).await, (0, 0));
    rooms.pass(seconds(3480));
    let selector = JobSelector::Job(id.clone());
    rooms.store.stop(selector, 10).await.unwrap();
    assert_eq!(put("0 0 * * * *").await, 7200, "it begins anew");
}
