//! Refused attempts: durable, and bounded under a flood.

use std::time::Duration;

use seawall_events::outbox::{self, Position};
use seawall_events::{AuditEntry, AuditSettings, Event, Operation, ProjectEvent, ResourceType};

use crate::{both, entry, lines, quick, start, wait_for_lines};

fn refused(username: &str) -> AuditEntry {
    AuditEntry {
        username: username.to_owned(),
        operation: Operation::Login,
        resource_type: ResourceType::User,
        operation_description: "wrong password".to_owned(),
        succeeded: false,
        status: 401,
        ..entry(username)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_attempt_is_there_when_it_is_answered() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        audit.refused(refused("mallory")).await;
        let lines = lines(&opened, "operation_result=false").await;
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].username.as_str(), lines[0].status),
            ("mallory", 401)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_is_recorded_too() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        let _ = tokio::time::timeout(Duration::ZERO, audit.refused(refused("mallory"))).await;
        assert_eq!(wait_for_lines(&opened, 1).await[0].username, "mallory");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_attempt_again_is_counted_in_its_line() {
    for opened in both().await {
        let settings = AuditSettings {
            refusal_window: Duration::from_hours(1),
            ..quick()
        };
        let audit = start(&opened, &settings);
        for _ in 0..100 {
            audit.refused(refused("mallory")).await;
        }
        audit.refused(refused("eve")).await;
        assert_eq!(lines(&opened, "").await.len(), 2);
        audit.shutdown().await;
        let lines = lines(&opened, "").await;
        let descriptions: Vec<_> = lines
            .iter()
            .map(|line| (&*line.username, &*line.operation_description))
            .collect();
        assert_eq!(
            descriptions,
            [
                ("mallory", "wrong password (100 times within 3600 s)"),
                ("eve", "wrong password"),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_attempt_has_a_line_of_its_own() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        let mut attempts = 0;
        while lines(&opened, "").await.len() < 2 {
            audit.refused(refused("mallory")).await;
            attempts += 1;
        }
        audit.shutdown().await;
        let lines = lines(&opened, "").await;
        let counted = |description: &str| match description.split_once(" (") {
            Some((_, times)) => times.split(' ').next().unwrap().parse().unwrap(),
            None => 1,
        };
        let total: i32 = lines
            .iter()
            .map(|line| counted(&line.operation_description))
            .sum();
        assert_eq!(total, attempts, "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_beyond_the_quota_is_a_line_and_an_event() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        let refused = AuditEntry {
            operation_description: "the quota is used up".to_owned(),
            ..refused("alice")
        };
        let project_id = refused.project_id.unwrap();
        audit.quota_exceeded(refused).await;
        assert_eq!(lines(&opened, "operation_result=false").await.len(), 1);
        // Transactions of other tests' databases may hold it back for a moment.
        let events = loop {
            let mut reader = opened.database.read().await.unwrap();
            let events = outbox::after(&mut reader, Position::default(), 10).await;
            match events.unwrap() {
                none if none.is_empty() => tokio::task::yield_now().await,
                events => break events,
            }
        };
        assert_eq!(events.len(), 1);
        assert_eq!(
            events[0].event,
            Event::QuotaExceeded(ProjectEvent {
                project_id,
                project_name: "library".to_owned(),
                operator: "alice".to_owned(),
                details: "the quota is used up".to_owned(),
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_different_attempts_is_bounded() {
    for opened in both().await {
        let audit = start(
            &opened,
            &AuditSettings {
                refusals: 10,
                refusal_window: Duration::from_hours(1),
                ..quick()
            },
        );
        for number in 0..1000 {
            audit.refused(refused(&number.to_string())).await;
        }
        audit.shutdown().await;
        let lines = lines(&opened, "").await;
        assert_eq!(lines.len(), 11);
        assert_eq!(
            lines[10].operation_description,
            "990 further attempts were refused, too many to list"
        );
    }
}
