//! Paused queues: the database says which, the job store follows.

use seawall_jobs::{Outcome, Status, Written};
use seawall_tasks::TasksError;

use crate::world::{NAME, World};

async fn set(world: &World, queue: &'static str, paused: bool) {
    world
        .tasks
        .write(move |tasks, tx| Box::pin(tasks.set_paused(tx, queue, paused)))
        .await
        .unwrap();
    world.tasks.align_queues().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_stays_paused_when_the_store_forgets() {
    for mut world in World::both().await {
        set(&world, NAME, true).await;
        world.launch(1).await;
        world.tasks.submit().await.unwrap();
        assert!(world.claim(1).await.is_empty());
        world.lose_job_store().await;
        world.tasks.align_queues().await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(21));
        world.tasks.reconcile().await.unwrap();
        world.tasks.submit().await.unwrap();
        assert!(world.claim(1).await.is_empty());
        assert_eq!(world.tasks.paused_queues().await.unwrap(), [NAME]);
        set(&world, NAME, false).await;
        assert_eq!(world.claim(1).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_queue_can_have_is_refused() {
    for world in World::both().await {
        for name in ["", "A B", "a\0", &"x".repeat(300)] {
            let name = name.to_owned();
            let paused = world.tasks.write(move |tasks, tx| {
                let name = name.clone();
                Box::pin(async move { tasks.set_paused(tx, &name, true).await })
            });
            assert!(matches!(paused.await, Err(TasksError::Invalid(_))));
        }
        assert_eq!(world.tasks.paused_queues().await.unwrap(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paused_past_the_database_is_resumed() {
    for world in World::both().await {
        world.store().set_paused(NAME, true).await.unwrap();
        world.tasks.align_queues().await.unwrap();
        world.launch(1).await;
        world.tasks.submit().await.unwrap();
        assert_eq!(world.claim(1).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_job_store_does_not_know_yet_is_stopped_with_its_queue() {
    let stop = async |world: &World, queue: Option<&'static str>| {
        world
            .tasks
            .write(move |tasks, tx| Box::pin(tasks.stop_waiting(tx, queue)))
            .await
            .unwrap();
    };
    for world in World::both().await {
        for (queue, number) in [(Some("OTHER"), 2), (Some(NAME), 0), (None, 0)] {
            world.launch(2).await;
            stop(&world, queue).await;
            world.tasks.submit().await.unwrap();
            let claims = world.claim(10).await;
            assert_eq!(claims.len(), number, "{queue:?}");
            for claim in claims {
                // What the store knows is not touched.
                stop(&world, Some(NAME)).await;
                world.tasks.submit().await.unwrap();
                let written = world.finish(&claim, Outcome::Success).await;
                assert_eq!(written, Written::Done(Status::Success));
            }
            world.deliver().await;
        }
    }
}
