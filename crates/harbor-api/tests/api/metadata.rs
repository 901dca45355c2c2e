//! The settings of a project, one by one.

use serde_json::json;

use crate::support::{ADMIN, Harbor};

#[tokio::test]
async fn a_setting_is_added_read_changed_and_taken_away() {
    for harbor in Harbor::on_both().await {
        harbor.project("team", false).await;
        let path = "/projects/team/metadatas/";
        assert_eq!(
            harbor.get(ADMIN, path).await.status(200).json(),
            json!({"public": "false"})
        );
        harbor
            .post(ADMIN, path, json!({"auto_scan": "true"}))
            .await
            .empty();
        let one = "/projects/team/metadatas/auto_scan";
        assert_eq!(
            harbor.get(ADMIN, one).await.status(200).json(),
            json!({"auto_scan": "true"})
        );
        harbor
            .put(ADMIN, one, json!({"auto_scan": "false", "public": "true"}))
            .await
            .empty();
        let all = harbor.get(ADMIN, path).await.json();
        assert_eq!(all, json!({"public": "false", "auto_scan": "false"}));
        harbor.delete(ADMIN, one).await.empty();
        harbor.get(ADMIN, one).await.error(404, "NOT_FOUND", "");
    }
}

#[tokio::test]
async fn bad_settings_are_refused() {
    let harbor = Harbor::start().await;
    harbor.project("team", false).await;
    let path = "/projects/team/metadatas";
    let add = async |body| harbor.post(ADMIN, path, body).await;
    add(json!({})).await.error(400, "BAD_REQUEST", "");
    add(json!({"auto_scan": "true", "severity": "high"}))
        .await
        .error(400, "BAD_REQUEST", "");
    add(json!({"colour": "red"}))
        .await
        .error(400, "BAD_REQUEST", "");
    add(json!({"auto_scan": "perhaps"}))
        .await
        .error(400, "BAD_REQUEST", "");
    add(json!({"auto_scan": true}))
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "");
    add(json!({"public": "true"}))
        .await
        .error(409, "CONFLICT", "");
    let one = "/projects/team/metadatas/auto_scan";
    harbor
        .put(ADMIN, one, json!({"severity": "high"}))
        .await
        .error(400, "BAD_REQUEST", "auto_scan");
    harbor.delete(ADMIN, one).await.error(404, "NOT_FOUND", "");
}
