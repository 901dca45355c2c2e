//! Quotas: listed, read, set; enforced elsewhere.

use seawall_events::Event;
use seawall_events::outbox::{self, Position};
use serde_json::json;

use crate::support::{ADMIN, Harbor};

#[tokio::test]
async fn a_quota_is_listed_read_and_set() {
    for harbor in Harbor::on_both().await {
        let project = harbor.project("team", false).await;
        harbor.push("team/app", "v1", "a").await;
        let path = format!("/quotas?reference=project&reference_id={project}");
        let list = harbor.get(ADMIN, &path).await.status(200);
        assert_eq!(list.total(), 1);
        let quota = &list.json()[0];
        assert_eq!(
            quota["ref"],
            json!({"id": project, "name": "team", "owner_name": "admin"})
        );
        assert_eq!(quota["hard"], json!({"storage": -1}));
        assert!(quota["used"]["storage"].as_i64().unwrap() > 0);
        let one = format!("/quotas/{}", quota["id"]);
        harbor
            .put(ADMIN, &one, json!({"hard": {"storage": 1_048_576}}))
            .await
            .empty();
        assert_eq!(
            harbor.get(ADMIN, &one).await.status(200).json()["hard"]["storage"],
            1_048_576
        );
        let sorted = harbor
            .get(ADMIN, "/quotas?sort=-used.storage")
            .await
            .status(200);
        assert_eq!(
            (sorted.total(), &sorted.json()[0]["ref"]["name"]),
            (2, &json!("team"))
        );
        assert_eq!(
            harbor
                .get(ADMIN, "/quotas?page_size=-1")
                .await
                .json()
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
}

#[tokio::test]
async fn bad_quotas_are_refused() {
    let harbor = Harbor::start().await;
    let id = harbor.get(ADMIN, "/quotas").await.json()[0]["id"].clone();
    let one = format!("/quotas/{id}");
    for hard in [
        json!({"storage": 0}),
        json!({"storage": -2}),
        json!({}),
        json!({"count": 1}),
        json!({"storage": 1_i64 << 51}),
    ] {
        harbor
            .put(ADMIN, &one, json!({"hard": hard}))
            .await
            .error(400, "BAD_REQUEST", "");
    }
    harbor
        .put(ADMIN, &one, json!({"hard": {"storage": "1GB"}}))
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "");
    harbor
        .get(ADMIN, "/quotas/987654")
        .await
        .error(404, "NOT_FOUND", "quota 987654 not found");
    harbor
        .put(ADMIN, "/quotas/987654", json!({"hard": {"storage": 1}}))
        .await
        .error(404, "NOT_FOUND", "");
    harbor
        .get(ADMIN, "/quotas?reference=user")
        .await
        .error(400, "BAD_REQUEST", "");
    harbor
        .get(ADMIN, "/quotas?reference_id=x")
        .await
        .error(400, "BAD_REQUEST", "");
}

#[tokio::test]
async fn a_copy_beyond_the_quota_is_refused_audited_and_an_event() {
    let harbor = Harbor::start().await;
    harbor.push("library/app", "v1", "a").await;
    let project = harbor.project("small", false).await;
    let quotas = format!("/quotas?reference=project&reference_id={project}");
    let id = harbor.get(ADMIN, &quotas).await.json()[0]["id"].clone();
    harbor
        .put(
            ADMIN,
            &format!("/quotas/{id}"),
            json!({"hard": {"storage": 1}}),
        )
        .await
        .empty();
    let copy = "/projects/small/repositories/app/artifacts?from=library/app:v1";
    harbor.post(ADMIN, copy, json!(null)).await.error(
        403,
        "DENIED",
        "will exceed the configured upper limit of 1 B",
    );
    let lines = "/projects/small/auditlog-exts?q=operation_result=false";
    let lines = harbor.get(ADMIN, lines).await.status(200).json();
    assert_eq!(lines.as_array().unwrap().len(), 1, "{lines}");
    let mut reader = harbor.database.read().await.unwrap();
    let events = outbox::after(&mut reader, Position::default(), 100)
        .await
        .unwrap();
    let exceeded: Vec<_> = events
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::QuotaExceeded(event) => Some(event),
            _ => None,
        })
        .collect();
    assert_eq!(exceeded.len(), 1, "{events:?}");
    assert_eq!(
        (
            exceeded[0].project_id.0,
            &*exceeded[0].project_name,
            &*exceeded[0].operator
        ),
        (project, "small", "admin")
    );
    assert!(exceeded[0].details.contains("upper limit"), "{exceeded:?}");
}
