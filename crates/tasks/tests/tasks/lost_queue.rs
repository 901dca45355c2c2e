//! What the job store has lost is filled from the database, and goes on in the background.

use std::time::Duration;

use seawall_tasks::ExecutionStatus;

use crate::world::World;

const QUIET: Duration = Duration::from_secs(21);

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_the_store_lost_are_submitted_again_under_their_ids() {
    for mut world in World::both().await {
        let id = world.launch(3).await;
        world.tasks.submit().await.unwrap();
        let claims = world.claim(2).await;
        world
            .finish(&claims[0], seawall_jobs::Outcome::Success)
            .await;
        world.deliver().await;
        let before = world.tasks_of(id).await;
        world.lose_job_store().await;
        // Not at once: a job that was submitted just now may not be visible everywhere.
        assert_eq!(world.tasks.reconcile().await.unwrap().lost, 0);
        world.clock.advance(QUIET);
        assert_eq!(world.tasks.reconcile().await.unwrap().lost, 2);
        let counts = world.execution(id).await.counts;
        assert_eq!((counts.pending, counts.succeeded), (2, 1));
        world.work().await;
        assert_eq!(world.execution(id).await.status, ExecutionStatus::Success);
        let after = world.tasks_of(id).await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.job_id, after.job_id);
        }
        let runs: Vec<u32> = after.iter().map(|task| task.run_count).collect();
        assert_eq!(runs.iter().sum::<u32>(), 5, "{runs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_not_lost_with_the_store() {
    for mut world in World::both().await {
        let id = world.launch(2).await;
        world.tasks.submit().await.unwrap();
        world.stop(id).await;
        world.tasks.submit().await.unwrap();
        // The store took the stop, and died before anybody heard of it.
        world.lose_job_store().await;
        world.clock.advance(QUIET);
        assert_eq!(world.tasks.reconcile().await.unwrap().lost, 2);
        world.tasks.submit().await.unwrap();
        assert!(world.claim(10).await.is_empty());
        world.deliver().await;
        assert_eq!(world.execution(id).await.status, ExecutionStatus::Stopped);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_told_is_looked_up() {
    for world in World::both().await {
        let id = world.launch(1).await;
        world.tasks.submit().await.unwrap();
        let claims = world.claim(1).await;
        world
            .finish(&claims[0], seawall_jobs::Outcome::Success)
            .await;
        world.clock.advance(QUIET);
        assert_eq!(world.tasks.reconcile().await.unwrap().untold, 1);
        assert_eq!(world.execution(id).await.status, ExecutionStatus::Success);
        // What comes late changes nothing.
        world.deliver().await;
        assert_eq!(world.execution(id).await.status, ExecutionStatus::Success);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_background_submits_what_any_replica_launched() {
    for world in World::both().await {
        let elsewhere = world.replica();
        let background = elsewhere.start();
        let id = world.launch(2).await;
        for _ in 0..500 {
            if world
                .store()
                .queues()
                .await
                .unwrap()
                .iter()
                .any(|queue| queue.pending == 2)
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.work().await;
        assert_eq!(world.execution(id).await.status, ExecutionStatus::Success);
        background.stop(Duration::from_secs(10)).await;
    }
}
