//! Events in the order of their commit.

use std::sync::Arc;

use seawall_database::{DatabaseError, Engine, Timestamp, params};
use seawall_events::outbox::{Position, after, trim};
use seawall_events::{Event, ProjectEvent, record};
use seawall_ids::ProjectId;
use tokio::sync::Barrier;

use crate::{Opened, both, entry};

fn event(id: i64) -> Event {
    Event::ProjectCreated(ProjectEvent {
        project_id: ProjectId(id),
        project_name: format!("p{id}"),
        operator: "alice".to_owned(),
        details: String::new(),
    })
}

async fn read(opened: &Opened, position: Position) -> (Vec<i64>, Position) {
    let mut reader = opened.database.read().await.unwrap();
    let entries = after(&mut reader, position, 100).await.unwrap();
    let last = entries.last().map_or(position, |entry| entry.position);
    let ids = entries.into_iter().map(|entry| match entry.event {
        Event::ProjectCreated(event) => event.project_id.0,
        other => panic!("{other:?}"),
    });
    (ids.collect(), last)
}

/// Reads until there are so many: transactions of other databases in the cluster hold events back
/// too, so it may take a moment.
async fn read_all(opened: &Opened, mut position: Position, number: usize) -> (Vec<i64>, Position) {
    let mut all = Vec::new();
    while all.len() < number {
        let (ids, last) = read(opened, position).await;
        all.extend(ids);
        position = last;
        tokio::task::yield_now().await;
    }
    (all, position)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_once_each_by_whoever_keeps_the_position() {
    for opened in both().await {
        for id in 1..=3 {
            opened
                .database
                .write(move |tx| {
                    Box::pin(async move { record(tx, &entry("p"), Some(&event(id))).await })
                })
                .await
                .unwrap();
        }
        let (ids, position) = read_all(&opened, Position::default(), 3).await;
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(read(&opened, position).await, (vec![], position));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_commits_late_is_not_overtaken_for_good() {
    for opened in both().await {
        if opened.database.engine() == Engine::Sqlite {
            continue; // Only one transaction writes at a time.
        }
        let barrier = Arc::new(Barrier::new(2));
        let (database, wait) = (opened.database.clone(), Arc::clone(&barrier));
        let late = tokio::spawn(async move {
            database
                .write(move |tx| {
                    let wait = Arc::clone(&wait);
                    Box::pin(async move {
                        record(tx, &entry("late"), Some(&event(1))).await?;
                        wait.wait().await;
                        wait.wait().await;
                        Ok::<_, DatabaseError>(())
                    })
                })
                .await
        });
        barrier.wait().await;
        opened
            .database
            .write(|tx| Box::pin(async move { record(tx, &entry("early"), Some(&event(2))).await }))
            .await
            .unwrap();
        let (first, position) = read(&opened, Position::default()).await;
        barrier.wait().await;
        late.await.unwrap().unwrap();
        let (second, _) = read_all(&opened, position, 2 - first.len()).await;
        let mut all = [first, second].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_leave() {
    for opened in both().await {
        opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    for id in 0..2500 {
                        let mut entry = entry("p");
                        entry.op_time = Timestamp(id);
                        record(tx, &entry, Some(&event(id))).await?;
                    }
                    Ok::<_, DatabaseError>(())
                })
            })
            .await
            .unwrap();
        assert_eq!(trim(&opened.database, Timestamp(2400)).await.unwrap(), 2400);
        let mut reader = opened.database.read().await.unwrap();
        let left: i64 = reader
            .fetch_one("SELECT COUNT(*) FROM outbox", params![])
            .await
            .unwrap();
        assert_eq!(left, 100);
    }
}
