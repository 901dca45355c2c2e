//! Purging deletes what is old and of the chosen types, in batches, and nothing else.

use seawall_database::Timestamp;
use seawall_events::purge::{OTHER, PurgeFilter, purge};
use seawall_events::{AuditEntry, Operation, ResourceType};

use crate::{Opened, both, entry, lines};

const OLD: i64 = 1_000_000;
const NEW: i64 = 2_000_000;

async fn write(opened: &Opened, entries: Vec<AuditEntry>) {
    opened
        .database
        .write(move |tx| {
            let entries = entries.clone();
            Box::pin(async move {
                for entry in &entries {
                    seawall_events::record(tx, entry, None).await?;
                }
                Ok::<_, seawall_database::DatabaseError>(())
            })
        })
        .await
        .unwrap();
}

fn at(seconds: i64, operation: Operation, resource_type: ResourceType) -> AuditEntry {
    AuditEntry {
        op_time: Timestamp::from_seconds(seconds),
        operation,
        resource_type,
        ..entry("library/app")
    }
}

fn types(names: &[&str]) -> PurgeFilter {
    PurgeFilter {
        event_types: names.iter().map(|name| (*name).to_owned()).collect(),
        ..PurgeFilter::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_lines_of_the_chosen_types_go() {
    for opened in both().await {
        let mut entries = Vec::new();
        for time in [OLD, NEW] {
            entries.push(at(time, Operation::Pull, ResourceType::Artifact));
            entries.push(at(time, Operation::Create, ResourceType::Artifact));
            entries.push(at(time, Operation::Delete, ResourceType::Tag));
        }
        write(&opened, entries).await;
        let before = Timestamp::from_seconds(OLD + 1);
        let filter = types(&["pull_artifact", OTHER]);
        let dry = purge(&opened.database, before, &filter, true, |_| true)
            .await
            .unwrap();
        assert_eq!((dry.seen, dry.expected, dry.purged), (3, 3, 2));
        assert_eq!(lines(&opened, "").await.len(), 6);
        let done = purge(&opened.database, before, &filter, false, |_| true)
            .await
            .unwrap();
        assert_eq!(done, dry);
        let left: Vec<(i64, String)> = lines(&opened, "")
            .await
            .into_iter()
            .map(|line| (line.op_time.seconds(), line.operation))
            .collect();
        assert_eq!(left.len(), 4);
        assert!(left.contains(&(OLD, "create".to_owned())), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_goes_on_where_it_was_ended() {
    for opened in both().await {
        let entries = vec![at(OLD, Operation::Pull, ResourceType::Artifact); 2_500];
        write(&opened, entries).await;
        let before = Timestamp::from_seconds(NEW);
        let mut asked = 0;
        let part = purge(&opened.database, before, &types(&[]), false, |progress| {
            asked += 1;
            progress.purged < 1_000
        })
        .await
        .unwrap();
        assert_eq!((part.purged, asked), (1_000, 2));
        let rest = purge(&opened.database, before, &types(&[]), false, |_| true)
            .await
            .unwrap();
        assert_eq!((rest.expected, rest.purged), (1_500, 1_500));
        assert!(lines(&opened, "").await.is_empty());
    }
}
