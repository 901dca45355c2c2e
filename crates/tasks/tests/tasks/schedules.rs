//! Schedules: one execution for each slot, whoever fires it; defaults that people may delete.

use std::time::Duration;

use seawall_database::query::ListQuery;
use seawall_jobs::{MissedFires, Overlap};
use seawall_tasks::{CronType, NewSchedule, SCHEDULER, Tasks, TasksError, Trigger};

use crate::world::{NAME, World};

fn every_minute() -> NewSchedule {
    NewSchedule {
        overlap: Overlap::Queue,
        ..NewSchedule::new(NAME, CronType::Custom, "0 * * * * *".parse().unwrap())
    }
}

async fn put(world: &World, new: NewSchedule) {
    world
        .tasks
        .write(move |tasks, tx| {
            let new = new.clone();
            Box::pin(async move { tasks.put_schedule(tx, &new).await })
        })
        .await
        .unwrap();
}

async fn default(world: &World, wanted: bool) {
    world
        .tasks
        .write(move |tasks, tx| {
            Box::pin(async move { tasks.default_schedule(tx, &every_minute(), wanted).await })
        })
        .await
        .unwrap();
}

async fn delete(world: &World) -> bool {
    world
        .tasks
        .write(|tasks, tx| Box::pin(tasks.delete_schedule(tx, NAME, -1)))
        .await
        .unwrap()
}

async fn fire(tasks: &Tasks) -> u64 {
    tasks.fire().await.unwrap().launched
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_fired_once_by_whoever_comes_first() {
    for world in World::both().await {
        put(&world, every_minute()).await;
        let replicas: Vec<Tasks> = (0..4).map(|_| world.replica()).collect();
        for minute in 1..=5_usize {
            world.clock.advance(Duration::from_mins(1));
            let firing = replicas.iter().map(|tasks| async { fire(tasks).await });
            let fired: u64 = futures_util::future::join_all(firing).await.iter().sum();
            assert_eq!(fired, 1, "minute {minute}");
            assert_eq!(world.executions().await.len(), minute);
        }
        assert!(world.executions().await.iter().all(|execution| {
            execution.trigger == Trigger::Schedule && execution.vendor_type == NAME
        }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_put_again_keeps_its_slot() {
    for world in World::both().await {
        put(&world, every_minute()).await;
        world.clock.advance(Duration::from_mins(1));
        put(&world, every_minute()).await;
        assert_eq!(fire(&world.tasks).await, 1, "its slot had come");
        assert_eq!(fire(&world.tasks).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_dropped_while_its_predecessor_goes_on() {
    for world in World::both().await {
        let schedule = NewSchedule {
            overlap: Overlap::Skip,
            ..every_minute()
        };
        put(&world, schedule).await;
        for _ in 0..3 {
            world.clock.advance(Duration::from_mins(1));
            fire(&world.tasks).await;
        }
        assert_eq!(world.executions().await.len(), 1);
        world.work().await;
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(fire(&world.tasks).await, 1);
        let schedule = NewSchedule {
            overlap: Overlap::Replace,
            ..every_minute()
        };
        put(&world, schedule).await;
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(fire(&world.tasks).await, 1);
        world.tasks.submit().await.unwrap();
        world.deliver().await;
        let stopped = &world.executions().await[1];
        assert_eq!(stopped.status, seawall_tasks::ExecutionStatus::Stopped);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_without_a_process_are_made_up_for_by_one_run() {
    for world in World::both().await {
        for (missed, runs) in [(MissedFires::Once, 2..=3), (MissedFires::Skip, 1..=2)] {
            let before = world.executions().await.len();
            put(
                &world,
                NewSchedule {
                    missed_fires: missed,
                    ..every_minute()
                },
            )
            .await;
            world.clock.advance(Duration::from_hours(5));
            fire(&world.tasks).await;
            let launched = world.executions().await.len() - before;
            assert!(runs.contains(&launched), "{missed:?}: {launched}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_fires_while_the_scheduler_is_paused() {
    for world in World::both().await {
        put(&world, every_minute()).await;
        let pause = |paused| {
            world
                .tasks
                .write(move |tasks, tx| Box::pin(tasks.set_paused(tx, SCHEDULER, paused)))
        };
        pause(true).await.unwrap();
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(fire(&world.tasks).await, 0);
        pause(false).await.unwrap();
        assert_eq!(fire(&world.tasks).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_that_a_person_deleted_stays_away() {
    for world in World::both().await {
        default(&world, true).await;
        let made = world.tasks.schedule(NAME, -1).await.unwrap().unwrap();
        assert!(!made.chosen);
        // It is not wanted any more, then again.
        default(&world, false).await;
        assert!(world.tasks.schedule(NAME, -1).await.unwrap().is_none());
        default(&world, true).await;
        assert!(delete(&world).await);
        assert!(!delete(&world).await);
        default(&world, true).await;
        assert!(world.tasks.schedule(NAME, -1).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_a_person_chose_is_left_alone() {
    for world in World::both().await {
        let cron = "0 0 3 * * *";
        let chosen = NewSchedule::new(NAME, CronType::Daily, cron.parse().unwrap());
        put(&world, chosen).await;
        for wanted in [true, false, true] {
            default(&world, wanted).await;
            let there = world.tasks.schedule(NAME, -1).await.unwrap().unwrap();
            assert_eq!((there.cron.as_str(), there.chosen), (cron, true));
        }
        let query = ListQuery::parse(None, None, None, None).unwrap();
        let (listed, total) = world.tasks.schedules(&query).await.unwrap();
        assert_eq!((listed.len(), total), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_never_fires_is_refused() {
    for world in World::both().await {
        let never = NewSchedule::new(NAME, CronType::Custom, "0 0 0 30 2 *".parse().unwrap());
        let kept = world
            .tasks
            .write(move |tasks, tx| {
                let never = never.clone();
                Box::pin(async move { tasks.put_schedule(tx, &never).await })
            })
            .await;
        assert!(matches!(kept, Err(TasksError::Invalid(_))));
    }
}
