//! Pulls: gathered, written in batches, counted when they cannot be.

use std::time::Duration;

use seawall_database::{Timestamp, params};
use seawall_events::{AuditSettings, Origin, Pull};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId};

use crate::{Opened, both, lines, quick, start, wait_for_lines};

fn pull(repository: i64, name: &str) -> Pull {
    Pull {
        time: Timestamp::now(),
        project_id: ProjectId(1),
        project_name: "library".to_owned(),
        repository_name: name.to_owned(),
        repository_id: RepositoryId(repository),
        artifact_id: ArtifactId(1),
        tag_id: None,
        reference: ":1.0".to_owned(),
        username: String::new(),
        origin: Origin::default(),
    }
}

async fn counts(opened: &Opened) -> Vec<(i64, i64)> {
    let mut reader = opened.database.read().await.unwrap();
    reader
        .fetch_all(
            "SELECT repository_id, pulls FROM pull_counts ORDER BY repository_id",
            params![],
        )
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_are_written_and_counted_together() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        for number in 0..50 {
            audit
                .pulled(pull(number % 2, "library/alpine"))
                .await
                .unwrap();
        }
        let lines = wait_for_lines(&opened, 50).await;
        assert_eq!(
            (lines[0].resource.as_str(), lines[0].operation.as_str()),
            ("library/alpine:1.0", "pull")
        );
        assert_eq!(counts(&opened).await, [(0, 25), (1, 25)]);
        assert_eq!(audit.lost_pulls(), 0);
        audit.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_at_shutdown_is_written() {
    for opened in both().await {
        let audit = start(
            &opened,
            &AuditSettings {
                pull_interval: Duration::from_hours(1),
                ..quick()
            },
        );
        for _ in 0..5000 {
            audit.pulled(pull(1, "library/alpine")).await.unwrap();
        }
        audit.shutdown().await;
        assert_eq!(lines(&opened, "").await.len(), 5000);
        assert_eq!(counts(&opened).await, [(1, 5000)]);
        audit.pulled(pull(1, "library/alpine")).await.unwrap();
        assert_eq!(
            audit.lost_pulls(),
            1,
            "a pull after the shutdown is lost and counted"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_loses_pulls_and_counts_them() {
    for opened in both().await {
        opened.database.close().await;
        let audit = start(
            &opened,
            &AuditSettings {
                pull_queue: 10,
                ..quick()
            },
        );
        for _ in 0..10_000 {
            audit.pulled(pull(1, "library/alpine")).await.unwrap();
        }
        // The queue, and at most one batch beside it, wait.
        assert!(
            (7_990..=9_990).contains(&audit.lost_pulls()),
            "{}",
            audit.lost_pulls()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_cannot_be_counted_does_not_take_others_with_it() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        for name in ["a", "poison", "b"] {
            audit.pulled(pull(1, name)).await.unwrap();
        }
        audit.shutdown().await;
        assert_eq!(counts(&opened).await, [(1, 2)]);
        assert_eq!(lines(&opened, "").await.len(), 2);
        assert_eq!(audit.lost_pulls(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_wait_and_fail_where_they_are_told_to() {
    for opened in both().await {
        // An interval that would never end shows that nobody waits for it.
        let audit = start(
            &opened,
            &AuditSettings {
                pulls_wait: true,
                pull_interval: Duration::from_hours(1),
                ..quick()
            },
        );
        audit.pulled(pull(1, "library/alpine")).await.unwrap();
        assert_eq!(lines(&opened, "").await.len(), 1);
        assert!(audit.pulled(pull(1, "poison")).await.is_err());
        opened.database.close().await;
        assert!(audit.pulled(pull(1, "library/alpine")).await.is_err());
    }
}
