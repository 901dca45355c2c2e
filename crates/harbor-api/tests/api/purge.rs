//! Purging the audit log over the API.

use seawall_database::params;
use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor};

const PURGE: &str = "/system/purgeaudit";
const SCHEDULE: &str = "/system/purgeaudit/schedule";

/// Makes every line of the audit log two days old.
async fn age(harbor: &Harbor) {
    let two_days: i64 = 48 * 3600 * 1_000_000;
    harbor
        .database
        .write(move |tx| {
            let aging = "UPDATE audit_log SET op_time = op_time - $1";
            Box::pin(tx.execute(aging, params![two_days]))
        })
        .await
        .unwrap();
}

async fn run(harbor: &Harbor, parameters: Value) -> Value {
    let body = json!({"schedule": {"type": "Manual"}, "parameters": parameters});
    let answer = harbor.post(ADMIN, SCHEDULE, body).await.status(201);
    harbor.ended(PURGE, answer.id_in_location()).await
}

async fn lines(harbor: &Harbor, event: &str) -> i64 {
    let (operation, resource_type) = event.split_once('_').unwrap();
    let path = format!("/auditlog-exts?q=operation={operation},resource_type={resource_type}");
    harbor.get(ADMIN, &path).await.status(200).total()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_lines_of_the_chosen_types_go() {
    for harbor in Harbor::on_both().await {
        harbor.project("team", false).await;
        harbor.project("other", false).await;
        harbor.user("ann").await;
        age(&harbor).await;
        // `library` is one of them where the first start made it.
        let old = lines(&harbor, "create_project").await;
        assert!(old >= 2);
        let users = lines(&harbor, "create_user").await;
        assert!(users >= 1);
        harbor.project("young", false).await;
        let chosen = json!({"audit_retention_hour": 24, "include_event_types": "create_project"});
        let mut dry = chosen.clone();
        dry["dry_run"] = json!(true);
        let done = run(&harbor, dry).await;
        assert_eq!(done["job_status"], "Success");
        let log = harbor
            .get(ADMIN, &format!("{PURGE}/{}/log", done["id"]))
            .await
            .status(200);
        assert!(
            log.text
                .contains(&format!("[DRYRUN]Purged {old} rows of audit logs")),
            "{}",
            log.text
        );
        assert_eq!(lines(&harbor, "create_project").await, old + 1);
        let done = run(&harbor, chosen).await;
        let told: Value = serde_json::from_str(done["job_parameters"].as_str().unwrap()).unwrap();
        assert_eq!(told["purged_lines"], old);
        assert_eq!(told["audit_retention_hour"], 24);
        assert_eq!(lines(&harbor, "create_project").await, 1);
        assert_eq!(lines(&harbor, "create_user").await, users);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_is_scheduled_as_harbor_schedules_it() {
    let harbor = Harbor::start().await;
    harbor.get(ADMIN, SCHEDULE).await.empty();
    let body = json!({
        "schedule": {"type": "Daily", "cron": "0 0 0 * * *"},
        "parameters": {"audit_retention_hour": 168, "include_event_types": "pull_artifact,other", "dry_run": false},
    });
    let made = harbor.post(ADMIN, SCHEDULE, body).await.status(201);
    assert_eq!(
        made.header("location"),
        Some("/api/v2.0/system/purgeaudit/0")
    );
    let shown = harbor.get(ADMIN, SCHEDULE).await.status(200).json();
    assert_eq!(shown["schedule"]["type"], "Daily");
    let given: Value = serde_json::from_str(shown["job_parameters"].as_str().unwrap()).unwrap();
    assert_eq!(
        given,
        json!({"audit_retention_hour": 168, "include_event_types": "other,pull_artifact", "dry_run": false})
    );
    harbor
        .put(ADMIN, SCHEDULE, json!({"schedule": {"type": "None"}}))
        .await
        .empty();
    harbor.get(ADMIN, SCHEDULE).await.empty();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_without_its_hours_is_refused() {
    let harbor = Harbor::start().await;
    for parameters in [
        json!({}),
        json!({"audit_retention_hour": 240_001}),
        json!({"audit_retention_hour": 24, "include_event_types": "everything"}),
    ] {
        for kind in ["Manual", "Daily"] {
            let body = json!({
                "schedule": {"type": kind, "cron": "0 0 0 * * *"}, "parameters": parameters,
            });
            let answer = harbor.post(ADMIN, SCHEDULE, body).await;
            answer.error(400, "BAD_REQUEST", "");
        }
    }
    // A collection's number is no purge's.
    let body = json!({"schedule": {"type": "Manual"}});
    let gc = harbor
        .post(ADMIN, "/system/gc/schedule", body)
        .await
        .status(201);
    let path = format!("{PURGE}/{}", gc.id_in_location());
    harbor
        .get(ADMIN, &path)
        .await
        .error(404, "NOT_FOUND", "not found");
}
