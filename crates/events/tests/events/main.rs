//! What the audit log and the outbox promise, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit_logs;
mod outbox;
mod pulls;
mod purge;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use seawall_database::query::ListQuery;
use seawall_database::{Database, DatabaseError, DatabaseSettings, Migration, Timestamp, params};
use seawall_events::audit_logs::Visible;
use seawall_events::{
    Audit, AuditEntry, AuditLog, AuditSettings, MIGRATIONS, Operation, Origin, PullCounter,
    ResourceType,
};
use seawall_ids::ProjectId;
use seawall_testkit::{TestDatabase, databases};

/// Stands for the registry's pull counts.
const PULL_COUNTS: Migration = Migration {
    name: "test/0001_pull_counts",
    sql: "CREATE TABLE pull_counts (repository_id BIGINT PRIMARY KEY, pulls BIGINT NOT NULL);",
};

struct Opened {
    database: Database,
    _backing: TestDatabase,
}

async fn both() -> Vec<Opened> {
    let mut opened = Vec::new();
    for backing in databases() {
        let database = Database::open(&DatabaseSettings::new(backing.url().parse().unwrap()))
            .await
            .unwrap();
        database
            .migrate(&[MIGRATIONS[0], PULL_COUNTS])
            .await
            .unwrap();
        opened.push(Opened {
            database,
            _backing: backing,
        });
    }
    opened
}

fn counter() -> PullCounter {
    Arc::new(|tx, pulls| {
        Box::pin(async move {
            for pull in pulls {
                tx.execute(
                    "INSERT INTO pull_counts (repository_id, pulls) VALUES ($1, 1)
                     ON CONFLICT (repository_id) DO UPDATE SET pulls = pull_counts.pulls + 1",
                    params![pull.repository_id],
                )
                .await?;
                if pull.repository_name == "poison" {
                    return Err(DatabaseError::Other(
                        "this one cannot be counted".to_owned(),
                    ));
                }
            }
            Ok(())
        })
    })
}

fn start(opened: &Opened, settings: &AuditSettings) -> Audit {
    Audit::start(opened.database.clone(), settings, counter())
}

fn quick() -> AuditSettings {
    AuditSettings {
        pull_interval: Duration::from_millis(20),
        refusal_window: Duration::from_millis(200),
        ..AuditSettings::default()
    }
}

fn entry(resource: &str) -> AuditEntry {
    AuditEntry {
        op_time: Timestamp::now(),
        project_id: Some(ProjectId(1)),
        project_name: "library".to_owned(),
        resource: resource.to_owned(),
        resource_type: ResourceType::Artifact,
        operation: Operation::Create,
        operation_description: format!("push artifact: {resource}"),
        succeeded: true,
        status: 201,
        username: "alice".to_owned(),
        origin: Origin {
            request_id: "r-1".to_owned(),
            client_address: Some("192.0.2.7".parse().unwrap()),
            user_agent: "docker/24".to_owned(),
        },
    }
}

async fn lines(opened: &Opened, q: &str) -> Vec<AuditLog> {
    let (lines, total) = list(opened, q).await;
    assert_eq!(i64::try_from(lines.len()).unwrap(), total);
    lines
}

/// The lines and their number, which may differ while some are being written.
async fn list(opened: &Opened, q: &str) -> (Vec<AuditLog>, i64) {
    let query = ListQuery::parse(Some(q), Some("id"), None, Some("-1")).unwrap();
    let mut reader = opened.database.read().await.unwrap();
    seawall_events::audit_logs::list(&mut reader, &Visible::All, &query)
        .await
        .unwrap()
}

/// Waits until the audit log has so many lines.
async fn wait_for_lines(opened: &Opened, number: usize) -> Vec<AuditLog> {
    for _ in 0..1000 {
        if list(opened, "").await.0.len() >= number {
            return lines(opened, "").await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("there are only {} lines", lines(opened, "").await.len());
}
