//! Repositories: listed, described, deleted; names with slashes.

use serde_json::json;

use crate::support::{ADMIN, Harbor, NOBODY, PASSWORD};

#[tokio::test]
async fn repositories_are_listed_with_their_full_names() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("team", false).await;
        harbor.push("team/app", "v1", "a").await;
        harbor.push("team/app", "v2", "b").await;
        harbor.push("team/deep/er", "v1", "a").await;
        harbor.push("library/open", "v1", "a").await;
        let list = harbor
            .get(ADMIN, "/projects/team/repositories?sort=name")
            .await
            .status(200);
        assert_eq!(list.texts("name"), ["team/app", "team/deep/er"]);
        assert_eq!(
            (list.total(), &list.json()[0]["artifact_count"]),
            (2, &json!(2))
        );
        assert_eq!(list.json()[0]["pull_count"], 0);
        let found = harbor
            .get(ADMIN, "/projects/team/repositories?q=name%3D~DEEP")
            .await
            .status(200);
        assert_eq!(found.texts("name"), ["team/deep/er"]);
        let whole = harbor
            .get(ADMIN, "/projects/team/repositories?page_size=-1&sort=-name")
            .await
            .status(200);
        assert_eq!(
            (whole.texts("name"), whole.total()),
            (vec!["team/deep/er".to_owned(), "team/app".to_owned()], 2)
        );
        let all = async |login| {
            harbor
                .get(login, "/repositories?sort=name")
                .await
                .status(200)
                .texts("name")
        };
        assert_eq!(
            all(ADMIN).await,
            ["library/open", "team/app", "team/deep/er"]
        );
        assert_eq!(all(Some(("ann", PASSWORD))).await, ["library/open"]);
        assert_eq!(all(NOBODY).await, ["library/open"]);
    }
}

#[tokio::test]
async fn a_blobs_repositories_can_be_found() {
    for harbor in Harbor::on_both().await {
        let image = harbor.push("library/app", "v1", "a").await;
        harbor.push("library/other", "v1", "b").await;
        let found = harbor
            .get(
                NOBODY,
                &format!("/repositories?q=blob_digest%3D{}", image.digest),
            )
            .await
            .status(200);
        assert!(found.texts("name").len() <= 1);
    }
}

#[tokio::test]
async fn a_repository_is_described_and_deleted() {
    for harbor in Harbor::on_both().await {
        harbor.push("library/deep/er", "v1", "a").await;
        for path in [
            "/projects/library/repositories/deep%252Fer",
            "/projects/library/repositories/deep%2Fer",
        ] {
            let repository = harbor.get(ADMIN, path).await.status(200).json();
            assert_eq!(repository["name"], "library/deep/er");
            assert!(repository.get("description").is_none());
        }
        let path = "/projects/library/repositories/deep%252Fer";
        harbor
            .put(ADMIN, path, json!({"description": "# Deep"}))
            .await
            .empty();
        assert_eq!(
            harbor.get(ADMIN, path).await.json()["description"],
            "# Deep"
        );
        harbor.delete(ADMIN, path).await.empty();
        harbor.get(ADMIN, path).await.error(
            404,
            "NOT_FOUND",
            "repository library/deep/er not found",
        );
        harbor.delete(ADMIN, path).await.error(404, "NOT_FOUND", "");
        harbor
            .put(ADMIN, path, json!({"description": ""}))
            .await
            .error(404, "NOT_FOUND", "");
    }
}

#[tokio::test]
async fn names_out_of_the_grammar_are_bad_requests() {
    let harbor = Harbor::start().await;
    for name in ["App", "a%252F..%252Fb", "%252E%252E", "a%20b"] {
        let path = format!("/projects/library/repositories/{name}");
        harbor
            .get(ADMIN, &path)
            .await
            .error(400, "BAD_REQUEST", "invalid repository name");
    }
}
