//! Recording in a transaction, and Harbor's lists.

use seawall_database::DatabaseError;
use seawall_database::query::ListQuery;
use seawall_events::audit_logs::{self, Visible, count, list};
use seawall_events::{AuditEntry, record, statements};
use seawall_ids::ProjectId;

use crate::{Opened, both, entry, lines};

async fn write(opened: &Opened, entries: Vec<AuditEntry>) {
    opened
        .database
        .write(move |tx| {
            let entries = entries.clone();
            Box::pin(async move {
                for entry in &entries {
                    record(tx, entry, None).await?;
                }
                Ok::<_, DatabaseError>(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_read_as_it_was_recorded() {
    for opened in both().await {
        let recorded = entry("library/alpine:3.20");
        write(&opened, vec![recorded.clone()]).await;
        let line = lines(&opened, "").await.remove(0);
        assert_eq!(line.id.0, 1);
        assert_eq!(line.op_time, recorded.op_time);
        assert_eq!(line.project_id, recorded.project_id);
        assert_eq!(line.project_name, "library");
        assert_eq!(line.resource, "library/alpine:3.20");
        assert_eq!(
            (line.resource_type.as_str(), line.operation.as_str()),
            ("artifact", "create")
        );
        assert_eq!(
            line.operation_description,
            "push artifact: library/alpine:3.20"
        );
        assert_eq!((line.operation_result, line.status), (true, 201));
        assert_eq!(line.username, "alice");
        assert_eq!(
            (
                line.client_address.as_str(),
                line.user_agent.as_str(),
                line.request_id.as_str()
            ),
            ("192.0.2.7", "docker/24", "r-1")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_has_no_line() {
    for opened in both().await {
        let result: Result<(), DatabaseError> = opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    record(tx, &entry("a"), None).await?;
                    Err(DatabaseError::NotFound)
                })
            })
            .await;
        assert!(result.is_err());
        assert!(lines(&opened, "").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_sent_never_keeps_a_line_from_being_written() {
    for opened in both().await {
        let mut hostile = entry(&"é".repeat(4000));
        hostile.username = "a\0b'\"\\\u{7f}\u{1}".to_owned();
        hostile.origin.user_agent = "x".repeat(100_000);
        hostile.project_id = None;
        hostile.origin.client_address = None;
        write(&opened, vec![hostile]).await;
        let line = lines(&opened, "").await.remove(0);
        assert_eq!(line.username, "a\u{FFFD}b'\"\\\u{7f}\u{1}");
        assert_eq!(line.resource, "é".repeat(512));
        assert_eq!(line.user_agent.len(), 512);
        assert_eq!((line.project_id, line.client_address.as_str()), (None, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_the_caller_may_see_newest_first() {
    for opened in both().await {
        let entries = (0..30_i64).map(|number| {
            let mut entry = entry(&format!("r{number}"));
            entry.op_time.0 += number;
            entry.project_id = (number % 3 != 0).then_some(ProjectId(number % 3));
            entry.succeeded = number % 2 == 0;
            entry
        });
        write(&opened, entries.collect()).await;
        let read = async |visible: Visible, q: &str, sort: &str, page: &str, size: &str| {
            let query = ListQuery::parse(Some(q), Some(sort), Some(page), Some(size)).unwrap();
            let mut reader = opened.database.read().await.unwrap();
            let (lines, total) = list(&mut reader, &visible, &query).await.unwrap();
            let names: Vec<_> = lines.into_iter().map(|line| line.resource).collect();
            (names.join(" "), total)
        };
        let one = || Visible::Projects(vec![ProjectId(1)]);
        let two = || Visible::Projects(vec![ProjectId(1), ProjectId(2)]);
        assert_eq!(
            read(Visible::All, "", "", "1", "3").await,
            ("r29 r28 r27".to_owned(), 30)
        );
        assert_eq!(
            read(Visible::All, "", "op_time", "2", "3").await,
            ("r3 r4 r5".to_owned(), 30)
        );
        assert_eq!(
            read(one(), "", "", "", "2").await,
            ("r28 r25".to_owned(), 10)
        );
        assert_eq!(
            read(two(), "", "", "", "3").await,
            ("r29 r28 r26".to_owned(), 20)
        );
        assert_eq!(
            read(Visible::Projects(vec![]), "", "", "", "").await,
            (String::new(), 0)
        );
        assert_eq!(
            read(two(), "resource={r1 r2 r3}", "", "", "").await,
            ("r2 r1".to_owned(), 2)
        );
        assert_eq!(
            read(one(), "operation_result=false,resource=~R1", "", "", "").await,
            ("r19 r13 r1".to_owned(), 3)
        );
        assert_eq!(
            read(
                Visible::All,
                "project_id=2,username=alice,operation=create",
                "",
                "",
                "1"
            )
            .await,
            ("r29".to_owned(), 10)
        );

        let query = ListQuery::parse(None, None, None, Some("-1")).unwrap();
        let mut reader = opened.database.read().await.unwrap();
        assert_eq!(count(&mut reader, &two(), &query).await.unwrap(), 20);
        let all = audit_logs::lines(&mut reader, &two(), &query)
            .await
            .unwrap();
        assert_eq!(all.len(), 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood() {
    for opened in both().await {
        let mut reader = opened.database.read().await.unwrap();
        for statement in statements(opened.database.engine()) {
            reader.prepare(statement).await.unwrap();
        }
    }
}
