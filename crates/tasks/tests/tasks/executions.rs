//! From launching to the end, with the attributes and the messages on the way.

use seawall_jobs::{Outcome, Report, Status};
use seawall_tasks::{ExecutionStatus, NewTask, TasksError};

use crate::world::{NAME, World, execution};

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_goes_from_launch_to_success() {
    for world in World::both().await {
        let id = world.launch(2).await;
        let launched = world.execution(id).await;
        assert_eq!(launched.status, ExecutionStatus::Running);
        assert_eq!((launched.counts.pending, launched.counts.total()), (2, 2));
        assert!(launched.end_time.is_never());
        world.tasks.submit().await.unwrap();
        let claims = world.claim(10).await;
        assert_eq!(claims.len(), 2);
        world.deliver().await;
        assert_eq!(world.execution(id).await.counts.running, 2);
        for claim in &claims {
            world.finish(claim, Outcome::Success).await;
        }
        world.deliver().await;
        let done = world.execution(id).await;
        assert_eq!(done.status, ExecutionStatus::Success);
        assert_eq!(done.end_time, world.clock.now());
        for task in world.tasks_of(id).await {
            assert_eq!((task.status, task.run_count), (Status::Success, 1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_says_why() {
    for world in World::both().await {
        let id = world.launch(2).await;
        world.tasks.submit().await.unwrap();
        let claims = world.claim(10).await;
        let failure = Outcome::Error {
            message: "the disk is full".to_owned(),
            retry_after: None,
        };
        world.finish(&claims[0], failure).await;
        world.finish(&claims[1], Outcome::Success).await;
        world.deliver().await;
        let failed = world.execution(id).await;
        assert_eq!(failed.status, ExecutionStatus::Error);
        assert_eq!(failed.status_message, "the disk is full");
        assert_eq!((failed.counts.failed, failed.counts.succeeded), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_reports_becomes_an_attribute_of_its_execution() {
    for world in World::both().await {
        let id = world.launch(1).await;
        world.tasks.submit().await.unwrap();
        let claims = world.claim(1).await;
        for text in [
            r#"{"freed_space": 7}"#,
            "just a word",
            r#"{"freed_space": 9}"#,
        ] {
            let report = (claims[0].attempt.clone(), Report::CheckIn(text.to_owned()));
            world.store().report(vec![report]).await.unwrap();
        }
        world.finish(&claims[0], Outcome::Success).await;
        world.deliver().await;
        let attributes = world.execution(id).await.extra_attributes;
        assert_eq!(attributes["freed_space"], 9);
        assert_eq!(attributes["dry_run"], false);
        assert_eq!(attributes.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_committed_is_not_launched() {
    for world in World::both().await {
        let refused: Result<(), TasksError> = world
            .tasks
            .write(|tasks, tx| {
                Box::pin(async move {
                    tasks.launch(tx, &execution(1)).await?;
                    Err(TasksError::Invalid("it is too late".to_owned()))
                })
            })
            .await;
        assert!(matches!(refused, Err(TasksError::Invalid(_))));
        world.tasks.submit().await.unwrap();
        assert!(world.executions().await.is_empty());
        assert!(world.claim(10).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_job_store_takes_is_not_launched() {
    for world in World::both().await {
        for name in ["", "a b", "ä"] {
            let mut new = execution(1);
            new.tasks = vec![NewTask::new(name, serde_json::Map::new())];
            let launched = world
                .tasks
                .write(move |tasks, tx| {
                    let new = new.clone();
                    Box::pin(async move { tasks.launch(tx, &new).await })
                })
                .await;
            assert!(matches!(launched, Err(TasksError::Invalid(_))), "{name:?}");
        }
        let none = execution(0);
        let launched = world
            .tasks
            .write(move |tasks, tx| {
                let none = none.clone();
                Box::pin(async move { tasks.launch(tx, &none).await })
            })
            .await;
        assert!(matches!(launched, Err(TasksError::Invalid(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_reaches_what_waits_what_runs_and_what_was_not_submitted() {
    for world in World::both().await {
        let id = world.launch(2).await;
        world.tasks.submit().await.unwrap();
        let running = world.claim(1).await;
        world.deliver().await;
        world
            .tasks
            .write(move |tasks, tx| {
                Box::pin(async move {
                    let more = [NewTask::new(NAME, serde_json::Map::new())];
                    tasks.add_tasks(tx, id, &more).await
                })
            })
            .await
            .unwrap();
        world.stop(id).await;
        world.tasks.submit().await.unwrap();
        world.deliver().await;
        let stopped = world.execution(id).await;
        assert_eq!(stopped.counts.stopped, 3);
        assert_eq!(stopped.status, ExecutionStatus::Stopped);
        assert!(stopped.stop_requested);
        // The run that comes to its end all the same changes nothing.
        world.finish(&running[0], Outcome::Success).await;
        world.deliver().await;
        assert_eq!(world.execution(id).await, stopped);
        assert!(world.claim(10).await.is_empty());
        // Stopping again is no error, stopping what is not there is.
        world.stop(id).await;
        let missing = world
            .tasks
            .write(|tasks, tx| Box::pin(tasks.stop(tx, seawall_ids::ExecutionId(987_654))))
            .await;
        assert!(matches!(missing, Err(TasksError::NotFound(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_keeps_the_newest_and_what_goes_on() {
    for world in World::both().await {
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(world.launch(1).await);
            world.work().await;
        }
        let open = world.launch(1).await;
        world.clock.advance(std::time::Duration::from_mins(1));
        let swept = world
            .tasks
            .sweep(world.clock.now(), |_| 3, || true)
            .await
            .unwrap();
        assert_eq!(swept, 3);
        let left: Vec<_> = world
            .executions()
            .await
            .iter()
            .map(|left| left.id)
            .collect();
        assert_eq!(left, [ids[3], ids[4], open]);
        assert!(world.tasks_of(ids[0]).await.is_empty());
    }
}
