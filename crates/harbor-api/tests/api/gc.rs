//! Garbage collection over the API, with real runs.

use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor};

const GC: &str = "/system/gc";
const SCHEDULE: &str = "/system/gc/schedule";

async fn start(harbor: &Harbor, parameters: Value) -> i64 {
    let body = json!({"schedule": {"type": "Manual"}, "parameters": parameters});
    let answer = harbor.post(ADMIN, SCHEDULE, body).await.status(201);
    let id = answer.id_in_location();
    let place = format!("/api/v2.0/system/gc/{id}");
    assert_eq!(answer.header("location"), Some(place.as_str()));
    id
}

fn parameters(execution: &Value) -> Value {
    serde_json::from_str(execution["job_parameters"].as_str().unwrap()).unwrap()
}

/// Bytes that artifacts need, as the statistics count them.
async fn stored(harbor: &Harbor) -> i64 {
    let statistics = harbor.get(ADMIN, "/statistics").await.status(200).json();
    statistics["total_storage_consumption"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_collected_and_what_is_needed_stays() {
    for harbor in Harbor::on_both().await {
        harbor.project("team", false).await;
        harbor.push("team/app", "v1", "first").await;
        harbor.push("team/app", "v2", "second").await;
        let artifact = "/projects/team/repositories/app/artifacts/v1";
        harbor.delete(ADMIN, artifact).await.empty();
        let needed = stored(&harbor).await;
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        let planned = start(&harbor, json!({"dry_run": true})).await;
        let planned = parameters(&harbor.ended(GC, planned).await);
        assert_eq!(planned["dry_run"], true);
        assert!(planned["freed_space"].as_i64().unwrap() > 0, "{planned}");
        let id = start(&harbor, json!({"workers": 2})).await;
        let done = harbor.ended(GC, id).await;
        assert_eq!(done["job_status"], "Success");
        let found = parameters(&done);
        for key in ["freed_space", "purged_blobs", "purged_manifests"] {
            assert_eq!(found[key], planned[key], "{key}");
        }
        assert_eq!(found["workers"], 2);
        assert!(found.get("operator").is_none());
        let log = harbor
            .get(ADMIN, &format!("{GC}/{id}/log"))
            .await
            .status(200);
        assert_eq!(
            log.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        let line = format!(
            "{} blobs and 0 manifests are actually deleted",
            found["purged_blobs"]
        );
        assert!(log.text.contains(&line), "{}", log.text);
        // What v2 needs is still there.
        harbor
            .get(ADMIN, "/projects/team/repositories/app/artifacts/v2")
            .await
            .status(200);
        assert_eq!(stored(&harbor).await, needed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_as_harbor_shows_it() {
    let harbor = Harbor::start().await;
    let id = start(&harbor, json!({})).await;
    let shown = harbor.ended(GC, id).await;
    let mut fields: Vec<&String> = shown.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "creation_time",
            "id",
            "job_kind",
            "job_name",
            "job_parameters",
            "job_status",
            "schedule",
            "update_time"
        ]
    );
    assert_eq!(shown["job_name"], "GARBAGE_COLLECTION");
    assert_eq!(shown["job_kind"], "MANUAL");
    let schedule = json!({"type": "Manual", "next_scheduled_time": "0001-01-01T00:00:00.000Z"});
    assert_eq!(shown["schedule"], schedule);
    let second = start(&harbor, json!({})).await;
    harbor.ended(GC, second).await;
    let listed = harbor
        .get(ADMIN, &format!("{GC}?page_size=1"))
        .await
        .status(200);
    assert_eq!(
        (listed.total(), &listed.json()[0]["id"]),
        (2, &json!(second))
    );
    assert!(listed.header("link").unwrap().contains("rel=\"next\""));
    let sorted = harbor
        .get(ADMIN, &format!("{GC}?sort=id&q=status=Success"))
        .await
        .status(200);
    assert_eq!(sorted.json()[0]["id"], id);
    // Every start is in the audit log.
    let audit = harbor
        .get(ADMIN, "/auditlog-exts?q=resource_type=garbage_collection")
        .await
        .status(200);
    assert_eq!(audit.total(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_chosen_replaced_and_ended() {
    for harbor in Harbor::on_both().await {
        // One comes with the program.
        let daily = harbor.get(ADMIN, SCHEDULE).await.status(200).json();
        assert_eq!(daily["schedule"]["type"], "Daily");
        let body = json!({
            "schedule": {"type": "Weekly", "cron": "0 0 0 * * 0"},
            "parameters": {"delete_untagged": true, "workers": 4},
        });
        let made = harbor.post(ADMIN, SCHEDULE, body).await.status(201);
        assert_eq!(made.header("location"), Some("/api/v2.0/system/gc/0"));
        let weekly = harbor.get(ADMIN, SCHEDULE).await.status(200).json();
        assert_eq!(weekly["schedule"]["type"], "Weekly");
        assert_eq!(weekly["job_kind"], "0 0 0 * * 0");
        assert_eq!(weekly["job_status"], "Running");
        let next = weekly["schedule"]["next_scheduled_time"].as_str().unwrap();
        assert!(next.ends_with("T00:00:00.000Z"), "{next}");
        let given = parameters(&weekly);
        assert_eq!(
            (&given["delete_untagged"], &given["workers"]),
            (&json!(true), &json!(4))
        );
        let custom = json!({"schedule": {"type": "Custom", "cron": "0 30 2 * * 1-5"}});
        harbor.put(ADMIN, SCHEDULE, custom).await.empty();
        let custom = harbor.get(ADMIN, SCHEDULE).await.status(200).json();
        assert_eq!(custom["schedule"]["cron"], "0 30 2 * * 1-5");
        harbor
            .put(ADMIN, SCHEDULE, json!({"schedule": {"type": "None"}}))
            .await
            .empty();
        harbor.get(ADMIN, SCHEDULE).await.empty();
        harbor
            .put(ADMIN, SCHEDULE, json!({"schedule": {"type": "None"}}))
            .await
            .empty();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let harbor = Harbor::start().await;
    for (body, status) in [
        (json!({}), 400),
        (json!({"schedule": {}}), 400),
        (json!({"schedule": {"type": "Daily"}}), 400),
        (
            json!({"schedule": {"type": "Daily", "cron": "0 0 * * *"}}),
            400,
        ),
        (
            json!({"schedule": {"type": "Custom", "cron": "often"}}),
            400,
        ),
        (
            json!({"schedule": {"type": "Custom", "cron": "0 0 0 30 2 *"}}),
            400,
        ),
        (json!({"schedule": {"type": "Sometimes"}}), 422),
        (
            json!({"schedule": {"type": "Manual"}, "parameters": {"workers": 11}}),
            400,
        ),
        (
            json!({"schedule": {"type": "Manual"}, "parameters": {"workers": "x"}}),
            400,
        ),
        (json!({"schedule": "Daily"}), 422),
    ] {
        for method in ["POST", "PUT"] {
            let answer = harbor
                .send(method, ADMIN, SCHEDULE, Some(body.clone()))
                .await;
            assert_eq!(answer.code, status, "{method} {body}: {}", answer.text);
        }
    }
    assert_eq!(harbor.get(ADMIN, GC).await.status(200).total(), 0);
    let missing = format!("{GC}/987654");
    harbor
        .get(ADMIN, &missing)
        .await
        .error(404, "NOT_FOUND", "execution 987654 not found");
    harbor
        .put(ADMIN, &missing, json!({}))
        .await
        .error(404, "NOT_FOUND", "987654");
    harbor
        .get(ADMIN, &format!("{missing}/log"))
        .await
        .error(404, "NOT_FOUND", "987654");
    harbor
        .get(ADMIN, &format!("{GC}/one"))
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "gc_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_stopped() {
    for harbor in Harbor::on_both().await {
        let queue = "/jobservice/queues/GARBAGE_COLLECTION";
        harbor
            .put(ADMIN, queue, json!({"action": "pause"}))
            .await
            .empty();
        let id = start(&harbor, json!({})).await;
        harbor
            .put(ADMIN, &format!("{GC}/{id}"), json!({}))
            .await
            .empty();
        assert_eq!(harbor.ended(GC, id).await["job_status"], "Stopped");
        harbor
            .put(ADMIN, queue, json!({"action": "resume"}))
            .await
            .empty();
        let id = start(&harbor, json!({})).await;
        assert_eq!(harbor.ended(GC, id).await["job_status"], "Success");
    }
}
