//! Projects: made, listed, changed, summed up, deleted.

use serde_json::json;

use crate::support::{ADMIN, Harbor, NOBODY, PASSWORD};

const ANN: crate::support::Login<'static> = Some(("ann", PASSWORD));

#[tokio::test]
async fn a_project_is_made_read_and_deleted() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        let body = json!({"project_name": "team", "public": true, "storage_limit": -1});
        let made = harbor.post(ANN, "/projects", body).await.status(201);
        let id = made.id_in_location();
        assert_eq!(
            made.header("location").unwrap(),
            format!("/api/v2.0/projects/{id}")
        );
        assert_eq!(made.text, "");
        let project = harbor.get(ANN, "/projects/team").await.status(200).json();
        assert_eq!(project["project_id"], id);
        assert_eq!(project["owner_name"], "ann");
        assert_eq!(project["metadata"]["public"], "true");
        assert_eq!(project["current_user_role_id"], 1);
        assert_eq!(project["repo_count"], 0);
        assert_eq!(
            harbor.get(ANN, &format!("/projects/{id}")).await.json(),
            project
        );
        harbor.delete(ANN, "/projects/team").await.empty();
        harbor
            .get(ADMIN, "/projects/team")
            .await
            .error(404, "NOT_FOUND", "project team not found");
    }
}

#[tokio::test]
async fn a_creation_may_be_told_by_name() {
    let harbor = Harbor::start().await;
    let header = [("x-resource-name-in-location", "true")];
    let body = Some(json!({"project_name": "team"}));
    let made = harbor
        .send_with("POST", ADMIN, "/projects", body, &header)
        .await
        .status(201);
    assert_eq!(made.header("location"), Some("/api/v2.0/projects/team"));
}

#[tokio::test]
async fn bad_projects_are_refused() {
    let harbor = Harbor::start().await;
    for name in ["", "Team", "a b", "a--b", "-a", "a/b"] {
        harbor
            .post(ADMIN, "/projects", json!({"project_name": name}))
            .await
            .error(400, "BAD_REQUEST", "");
    }
    let long = json!({"project_name": "a".repeat(256)});
    harbor.post(ADMIN, "/projects", long).await.error(
        422,
        "UNPROCESSABLE_ENTITY",
        "at most 255 chars long",
    );
    let twice = json!({"project_name": "library"});
    harbor
        .post(ADMIN, "/projects", twice)
        .await
        .error(409, "CONFLICT", "library");
    let body = json!({"project_name": "team", "metadata": {"public": "perhaps"}});
    harbor
        .post(ADMIN, "/projects", body)
        .await
        .error(400, "BAD_REQUEST", "");
    let body = json!({"project_name": "team", "metadata": {"public": true}});
    harbor.post(ADMIN, "/projects", body).await.error(
        422,
        "UNPROCESSABLE_ENTITY",
        "invalid type: boolean, expected a string",
    );
    let body = json!({"project_name": "team", "storage_limit": -7});
    harbor
        .post(ADMIN, "/projects", body)
        .await
        .error(400, "BAD_REQUEST", "");
    harbor
        .post(NOBODY, "/projects", twice_named())
        .await
        .error(401, "UNAUTHORIZED", "");
}

fn twice_named() -> serde_json::Value {
    json!({"project_name": "team"})
}

#[tokio::test]
async fn the_list_shows_what_the_caller_may_see() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.user("bob").await;
        harbor.project("open", true).await;
        harbor.project("closed", false).await;
        harbor.member("closed", "ann", 3).await;
        let names = async |login, query: &str| {
            let answer = harbor
                .get(login, &format!("/projects{query}"))
                .await
                .status(200);
            assert_eq!(
                answer.total(),
                i64::try_from(answer.texts("name").len()).unwrap()
            );
            answer.texts("name")
        };
        assert_eq!(names(ADMIN, "").await, ["closed", "library", "open"]);
        assert_eq!(names(ANN, "").await, ["closed", "library", "open"]);
        assert_eq!(
            names(Some(("bob", PASSWORD)), "").await,
            ["library", "open"]
        );
        assert_eq!(names(NOBODY, "").await, ["library", "open"]);
        assert_eq!(names(ADMIN, "?public=false").await, ["closed"]);
        assert_eq!(names(ANN, "?public=true").await, ["library", "open"]);
        assert_eq!(names(ADMIN, "?name=PE").await, ["open"]);
        assert_eq!(names(ADMIN, "?owner=admin").await.len(), 3);
        assert_eq!(names(ADMIN, "?owner=nobody").await.len(), 0);
    }
}

#[tokio::test]
async fn without_details_a_list_is_shorter() {
    let harbor = Harbor::start().await;
    let whole = harbor.get(ADMIN, "/projects").await.json();
    assert!(whole[0]["cve_allowlist"]["items"].is_array());
    let short = harbor
        .get(ADMIN, "/projects?with_detail=false")
        .await
        .json();
    assert_eq!(short[0]["name"], "library");
    assert!(short[0].get("cve_allowlist").is_none());
}

#[tokio::test]
async fn head_tells_whether_a_name_is_taken() {
    let harbor = Harbor::start().await;
    let head = async |query: &str| {
        harbor
            .send("HEAD", ADMIN, &format!("/projects{query}"), None)
            .await
            .code
    };
    assert_eq!(head("?project_name=library").await, 200);
    assert_eq!(head("?project_name=nowhere").await, 404);
    assert_eq!(head("").await, 422);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    for harbor in Harbor::on_both().await {
        harbor.project("team", false).await;
        let body = json!({
            "metadata": {"auto_scan": "true"},
            "cve_allowlist": {"items": [{"cve_id": "CVE-2026-1"}], "expires_at": 1_900_000_000},
        });
        harbor.put(ADMIN, "/projects/team", body).await.empty();
        let project = harbor.get(ADMIN, "/projects/team").await.json();
        assert_eq!(project["metadata"]["auto_scan"], "true");
        assert_eq!(project["metadata"]["public"], "false");
        assert_eq!(project["cve_allowlist"]["items"][0]["cve_id"], "CVE-2026-1");
        assert_eq!(project["cve_allowlist"]["expires_at"], 1_900_000_000);
        harbor
            .put(ADMIN, "/projects/team", json!({"public": true}))
            .await
            .empty();
        let project = harbor
            .get(NOBODY, "/projects/team")
            .await
            .status(200)
            .json();
        assert_eq!(project["metadata"]["auto_scan"], "true");
        harbor
            .send("PUT", ADMIN, "/projects/team", None)
            .await
            .error(422, "UNPROCESSABLE_ENTITY", "project in body");
    }
}

#[tokio::test]
async fn a_project_with_repositories_stays() {
    let harbor = Harbor::start().await;
    harbor.project("team", false).await;
    let told = harbor
        .get(ADMIN, "/projects/team/_deletable")
        .await
        .status(200)
        .json();
    assert_eq!(told, json!({"deletable": true}));
    harbor.push("team/app", "v1", "a").await;
    let told = harbor
        .get(ADMIN, "/projects/team/_deletable")
        .await
        .status(200)
        .json();
    assert!(told.get("deletable").is_none() && told["message"].is_string());
    harbor
        .delete(ADMIN, "/projects/team")
        .await
        .error(412, "PRECONDITION", "repositories");
}

#[tokio::test]
async fn a_summary_counts_members_for_those_who_may_list_them() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.user("bob").await;
        harbor.project("team", false).await;
        harbor.member("team", "ann", 5).await;
        harbor.member("team", "bob", 4).await;
        let image = harbor.push("team/app", "v1", "a").await;
        let summary = harbor
            .get(Some(("bob", PASSWORD)), "/projects/team/summary")
            .await
            .status(200)
            .json();
        assert_eq!(summary["repo_count"], 1);
        assert_eq!(
            (
                &summary["project_admin_count"],
                &summary["maintainer_count"]
            ),
            (&json!(1), &json!(1))
        );
        assert_eq!(summary["limited_guest_count"], 1);
        assert_eq!(summary["quota"]["hard"]["storage"], -1);
        assert!(summary["quota"]["used"]["storage"].as_i64().unwrap() > image.size);
        let less = harbor
            .get(ANN, "/projects/team/summary")
            .await
            .status(200)
            .json();
        assert!(less.get("maintainer_count").is_none());
    }
}

#[tokio::test]
async fn search_and_statistics_show_what_the_caller_may_see() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("team", false).await;
        harbor.push("team/app", "v1", "a").await;
        let found = harbor.get(ADMIN, "/search?q=tea").await.status(200).json();
        assert_eq!(found["project"][0]["name"], "team");
        assert_eq!(found["repository"][0]["repository_name"], "team/app");
        assert_eq!(found["repository"][0]["artifact_count"], 1);
        let nothing = harbor.get(NOBODY, "/search?q=tea").await.status(200);
        assert_eq!(nothing.text, "{\"project\":[],\"repository\":[]}\n");
        harbor.get(NOBODY, "/search").await.error(
            422,
            "UNPROCESSABLE_ENTITY",
            "q in query is required",
        );
        let all = harbor.get(ADMIN, "/statistics").await.status(200).json();
        assert_eq!(
            (&all["private_project_count"], &all["public_project_count"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(
            (&all["total_project_count"], &all["total_repo_count"]),
            (&json!(2), &json!(1))
        );
        assert!(all["total_storage_consumption"].as_i64().unwrap() > 0);
        let ann = harbor.get(ANN, "/statistics").await.status(200).json();
        assert_eq!(
            (&ann["private_project_count"], &ann["total_project_count"]),
            (&json!(0), &json!(0))
        );
    }
}
