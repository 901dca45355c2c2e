//! Tags of artifacts: listed, added, deleted without the artifact.

use serde_json::json;

use crate::support::{ADMIN, Harbor, PASSWORD};

const APP: &str = "/projects/library/repositories/app/artifacts";

#[tokio::test]
async fn tags_are_added_listed_and_deleted() {
    for harbor in Harbor::on_both().await {
        let image = harbor.push("library/app", "v1", "a").await;
        let tags = format!("{APP}/{}/tags", image.digest);
        let made = harbor
            .post(ADMIN, &tags, json!({"name": "stable"}))
            .await
            .status(201);
        assert_eq!((made.text.as_str(), made.header("location")), ("", None));
        let list = harbor.get(None, &tags).await.status(200);
        assert_eq!(
            (list.texts("name"), list.total()),
            (vec!["stable".to_owned(), "v1".to_owned()], 2)
        );
        assert_eq!(list.json()[0]["immutable"], false);
        let found = harbor
            .get(None, &format!("{tags}?q=name%3D~STA"))
            .await
            .status(200);
        assert_eq!(
            (found.texts("name"), found.total()),
            (vec!["stable".to_owned()], 1)
        );
        let whole = harbor
            .get(None, &format!("{tags}?page_size=0&sort=-name"))
            .await
            .status(200);
        assert_eq!(whole.texts("name"), ["v1", "stable"]);
        harbor.delete(ADMIN, &format!("{tags}/v1")).await.empty();
        harbor
            .delete(ADMIN, &format!("{tags}/v1"))
            .await
            .error(404, "NOT_FOUND", "");
        harbor
            .delete(ADMIN, &format!("{tags}/stable"))
            .await
            .empty();
        harbor
            .get(None, &format!("{APP}/{}", image.digest))
            .await
            .status(200);
    }
}

#[tokio::test]
async fn a_developer_deletes_a_tag_and_no_artifact() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.project("team", false).await;
    harbor.member("team", "ann", 2).await;
    let ann = Some(("ann", PASSWORD));
    harbor.push("team/app", "v1", "a").await;
    let artifact = "/projects/team/repositories/app/artifacts/v1";
    harbor
        .delete(ann, artifact)
        .await
        .error(403, "FORBIDDEN", "");
    harbor
        .delete(ann, &format!("{artifact}/tags/v1"))
        .await
        .empty();
}

#[tokio::test]
async fn bad_tags_are_refused() {
    let harbor = Harbor::start().await;
    harbor.push("library/app", "v1", "a").await;
    harbor.push("library/app", "v2", "b").await;
    let tags = format!("{APP}/v1/tags");
    let add = async |name: &str| harbor.post(ADMIN, &tags, json!({"name": name})).await;
    add("v1").await.error(409, "CONFLICT", "v1");
    add("v2").await.error(409, "CONFLICT", "v2");
    for name in ["", ".x", "a b", "a/b", &"a".repeat(129)] {
        add(name).await.error(400, "BAD_REQUEST", "");
    }
    harbor.post(ADMIN, &tags, json!({})).await.error(
        422,
        "UNPROCESSABLE_ENTITY",
        "tag.name in body is required",
    );
    harbor
        .post(ADMIN, &format!("{APP}/v9/tags"), json!({"name": "x"}))
        .await
        .error(404, "NOT_FOUND", "");
    harbor
        .get(None, &format!("{APP}/v9/tags"))
        .await
        .error(404, "NOT_FOUND", "");
    // A tag of another artifact is not there.
    harbor
        .delete(ADMIN, &format!("{tags}/v2"))
        .await
        .error(404, "NOT_FOUND", "");
}
