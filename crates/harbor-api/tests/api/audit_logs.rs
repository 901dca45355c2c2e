//! The audit log: successes and refusals, with where they came from, as far as the caller may see.

use seawall_database::{DatabaseError, Timestamp};
use seawall_events::{AuditEntry, Operation, Origin, ResourceType, record};
use serde_json::json;

use crate::support::{ADMIN, Harbor, Login, NOBODY, PASSWORD};

const ANN: Login<'static> = Some(("ann", PASSWORD));

#[tokio::test]
async fn a_change_is_recorded_with_its_origin() {
    for harbor in Harbor::on_both().await {
        let headers = [("x-request-id", "creation-1"), ("user-agent", "test/1.0")];
        let body = Some(json!({"project_name": "team"}));
        harbor
            .send_with("POST", ADMIN, "/projects", body, &headers)
            .await
            .status(201);
        let list = harbor
            .get(
                ADMIN,
                "/auditlog-exts?q=resource_type%3Dproject,resource%3Dteam",
            )
            .await
            .status(200);
        let line = &list.json()[0];
        assert_eq!(
            (&line["operation"], &line["username"]),
            (&json!("create"), &json!("admin"))
        );
        assert_eq!(
            (&line["operation_result"], &line["request_id"]),
            (&json!(true), &json!("creation-1"))
        );
        assert_eq!(
            (&line["client_address"], &line["user_agent"]),
            (&json!("127.0.0.1"), &json!("test/1.0"))
        );
        let old = harbor
            .get(ADMIN, "/audit-logs?q=resource%3Dteam")
            .await
            .status(200)
            .json();
        assert_eq!(
            (&old[0]["resource_type"], old[0].get("operation_result")),
            (&json!("project"), None)
        );
    }
}

#[tokio::test]
async fn refused_and_failed_changes_are_recorded() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor
            .delete(ANN, "/projects/library")
            .await
            .error(403, "FORBIDDEN", "");
        harbor
            .post(ADMIN, "/projects", json!({"project_name": "library"}))
            .await
            .error(409, "CONFLICT", "");
        harbor
            .put(NOBODY, "/projects/library", json!({}))
            .await
            .error(401, "UNAUTHORIZED", "");
        let q = "q=operation_result%3Dfalse&sort=op_time&page_size=-1";
        let lines = harbor
            .get(ADMIN, &format!("/auditlog-exts?{q}"))
            .await
            .status(200)
            .json();
        let told: Vec<_> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                (
                    line["operation"].as_str().unwrap(),
                    line["status"].as_i64().unwrap(),
                )
            })
            .collect();
        assert_eq!(told, [("delete", 403), ("create", 409), ("update", 401)]);
        assert_eq!(lines[0]["username"], "ann");
        assert_eq!(lines[0]["resource"], "library");
        assert!(
            lines[1]["operation_description"]
                .as_str()
                .unwrap()
                .contains("createProject")
        );
    }
}

#[tokio::test]
async fn callers_see_the_projects_whose_log_is_theirs() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("mine", false).await;
        harbor.project("other", false).await;
        harbor.member("mine", "ann", 1).await;
        let seen = harbor
            .get(ANN, "/audit-logs?page_size=-1")
            .await
            .status(200)
            .texts("resource");
        assert!(
            seen.contains(&"mine".to_owned()) && !seen.contains(&"other".to_owned()),
            "{seen:?}"
        );
        let all = harbor
            .get(ADMIN, "/audit-logs?page_size=-1")
            .await
            .status(200)
            .texts("resource");
        assert!(all.contains(&"other".to_owned()));
        for path in ["/projects/mine/logs", "/projects/mine/auditlog-exts"] {
            let lines = harbor.get(ANN, path).await.status(200);
            assert!(lines.total() >= 2, "{path}");
            assert!(!lines.texts("resource").contains(&"other".to_owned()));
            harbor
                .get(NOBODY, path)
                .await
                .error(401, "UNAUTHORIZED", "");
        }
        harbor
            .get(ANN, "/projects/other/logs")
            .await
            .error(403, "FORBIDDEN", "");
        harbor
            .get(ADMIN, "/audit-logs?q=op_time%3D%5B1")
            .await
            .error(400, "BAD_REQUEST", "");
    }
}

#[tokio::test]
async fn a_robot_of_every_project_does_not_see_what_concerns_the_system() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("team", false).await;
        let robot = json!({
            "name": "auditor", "level": "system", "duration": -1,
            "permissions": [{
                "kind": "project", "namespace": "*",
                "access": [{"resource": "log", "action": "list"}],
            }],
        });
        let robot = harbor
            .post(ADMIN, "/robots", robot)
            .await
            .status(201)
            .json();
        let secret = robot["secret"].as_str().unwrap();
        let seen = harbor
            .get(Some(("robot$auditor", secret)), "/audit-logs?page_size=-1")
            .await
            .status(200)
            .texts("resource");
        assert!(seen.contains(&"team".to_owned()), "{seen:?}");
        for system in ["ann", "admin", "robot$auditor"] {
            assert!(!seen.contains(&system.to_owned()), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn the_kinds_of_events_are_told() {
    let harbor = Harbor::start().await;
    let types = harbor
        .get(ADMIN, "/auditlog-exts/events")
        .await
        .status(200)
        .texts("event_type");
    assert!(
        types.contains(&"create_project".to_owned()) && types.contains(&"pull_artifact".to_owned())
    );
}

/// Writes lines of the log past the API.
async fn write_lines(harbor: &Harbor, count: usize) {
    let entries: Vec<AuditEntry> = (0..count)
        .map(|number| AuditEntry {
            op_time: Timestamp::now(),
            project_id: None,
            project_name: String::new(),
            resource: format!("thing{number}"),
            resource_type: ResourceType::Other,
            operation: Operation::Other,
            operation_description: String::new(),
            succeeded: true,
            status: 200,
            username: "somebody".to_owned(),
            origin: Origin::default(),
        })
        .collect();
    let written: Result<(), DatabaseError> = harbor
        .database
        .write(move |tx| {
            let entries = entries.clone();
            Box::pin(async move {
                for entry in &entries {
                    record(tx, entry, None).await?;
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

#[tokio::test]
async fn the_whole_log_comes_in_batches_each_line_once() {
    for harbor in Harbor::on_both().await {
        write_lines(&harbor, 1203).await;
        let q = "q=username%3Dsomebody&page_size=-1";
        for sort in ["", "&sort=op_time", "&sort=-id"] {
            let whole = harbor
                .get(ADMIN, &format!("/auditlog-exts?{q}{sort}"))
                .await
                .status(200);
            let mut seen = whole.texts("resource");
            if sort.is_empty() {
                assert_eq!(
                    (seen[0].as_str(), seen[1202].as_str()),
                    ("thing1202", "thing0")
                );
            }
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), whole.total()), (1203, 1203), "{sort}");
        }
    }
}
