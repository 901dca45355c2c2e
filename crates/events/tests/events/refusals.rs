//! Refused attempts: durable, and bounded under a flood.

use std::time::Duration;

use seawall_events::{AuditEntry, AuditSettings, Operation, ResourceType};

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
async fn the_same_attempt_again_is_counted() {
    for opened in both().await {
        let audit = start(&opened, &quick());
        for _ in 0..100 {
            audit.refused(refused("mallory")).await;
        }
        audit.refused(refused("eve")).await;
        let descriptions = |lines: Vec<seawall_events::AuditLog>| -> Vec<_> {
            lines
                .into_iter()
                .map(|line| (line.username, line.operation_description))
                .collect()
        };
        let lines = descriptions(wait_for_lines(&opened, 3).await);
        let times: u64 = lines
            .iter()
            .filter(|(username, _)| username == "mallory")
            .map(
                |(_, description)| match description.split_once(" more times: ") {
                    Some((times, "wrong password")) => times.parse::<u64>().unwrap(),
                    _ => 1,
                },
            )
            .sum();
        assert_eq!(times, 100);
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
