//! Members of projects: added, listed, given other roles, removed, never above one's own role.

use serde_json::json;

use crate::support::{ADMIN, Harbor, Login, PASSWORD};

const ANN: Login<'static> = Some(("ann", PASSWORD));

#[tokio::test]
async fn a_member_comes_changes_and_goes() {
    for harbor in Harbor::on_both().await {
        let ann = harbor.user("ann").await;
        let project = harbor.project("team", false).await;
        let body = json!({"role_id": 2, "member_user": {"username": "ann"}});
        let made = harbor
            .post(ADMIN, "/projects/team/members", body)
            .await
            .status(201);
        let id = made.id_in_location();
        assert_eq!(
            made.header("location").unwrap(),
            format!("/api/v2.0/projects/team/members/{id}")
        );
        let path = format!("/projects/team/members/{id}");
        let member = harbor.get(ANN, &path).await.status(200).json();
        let expected = json!({
            "id": id, "project_id": project, "entity_name": "ann", "role_name": "developer", "role_id": 2,
            "entity_id": ann, "entity_type": "u",
        });
        assert_eq!(member, expected);
        harbor
            .put(ADMIN, &path, json!({"role_id": 4}))
            .await
            .empty();
        assert_eq!(
            harbor.get(ANN, &path).await.json()["role_name"],
            "maintainer"
        );
        harbor.delete(ADMIN, &path).await.empty();
        harbor.get(ADMIN, &path).await.error(404, "NOT_FOUND", "");
        harbor
            .get(ANN, "/projects/team")
            .await
            .error(403, "FORBIDDEN", "");
    }
}

#[tokio::test]
async fn the_list_finds_by_part_of_a_name() {
    for harbor in Harbor::on_both().await {
        for name in ["ann", "anna", "bob"] {
            harbor.user(name).await;
        }
        harbor.project("team", false).await;
        for name in ["ann", "anna", "bob"] {
            harbor.member("team", name, 3).await;
        }
        let all = harbor.get(ANN, "/projects/team/members").await.status(200);
        assert_eq!(all.total(), 4);
        let some = harbor
            .get(ANN, "/projects/team/members?entityname=ANN&page_size=1")
            .await
            .status(200);
        assert_eq!((some.total(), some.texts("entity_name").len()), (2, 1));
        assert!(some.header("link").unwrap().contains("entityname=ANN"));
        let whole = harbor
            .get(ANN, "/projects/team/members?page_size=-1")
            .await
            .status(200);
        assert_eq!(whole.texts("entity_name").len(), 4);
    }
}

#[tokio::test]
async fn bad_members_are_refused() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.project("team", false).await;
    harbor.member("team", "ann", 2).await;
    let path = "/projects/team/members";
    let add = async |body| harbor.post(ADMIN, path, body).await;
    let ann = json!({"username": "ann"});
    add(json!({"role_id": 2, "member_user": ann}))
        .await
        .error(409, "CONFLICT", "");
    add(json!({"role_id": 6, "member_user": ann}))
        .await
        .error(400, "BAD_REQUEST", "role 6");
    add(json!({"member_user": ann}))
        .await
        .error(400, "BAD_REQUEST", "role 0");
    add(json!({"role_id": 2, "member_user": {"username": "nobody"}}))
        .await
        .error(404, "NOT_FOUND", "");
    add(json!({"role_id": 2, "member_user": {}}))
        .await
        .error(400, "BAD_REQUEST", "username");
    add(json!({"role_id": 2}))
        .await
        .error(400, "BAD_REQUEST", "member_user");
    add(json!({"role_id": 2, "member_group": {"id": 1}}))
        .await
        .error(400, "BAD_REQUEST", "group");
    add(json!({"role_id": 2, "member_user": ann, "member_group": {"id": 1}}))
        .await
        .error(400, "BAD_REQUEST", "");
    harbor
        .put(ADMIN, &format!("{path}/x"), json!({"role_id": 2}))
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "mid in path");
    harbor
        .delete(ADMIN, &format!("{path}/987654"))
        .await
        .error(404, "NOT_FOUND", "");
}

#[tokio::test]
async fn a_maintainer_manages_members_up_to_their_own_role() {
    let harbor = Harbor::start().await;
    for name in ["ann", "bob", "carl"] {
        harbor.user(name).await;
    }
    harbor.project("team", false).await;
    harbor.member("team", "ann", 4).await;
    let carl = harbor.member("team", "carl", 1).await;
    let path = "/projects/team/members";
    let bob = |role: i64| json!({"role_id": role, "member_user": {"username": "bob"}});
    harbor
        .post(ANN, path, bob(1))
        .await
        .error(403, "FORBIDDEN", "");
    let id = harbor
        .post(ANN, path, bob(2))
        .await
        .status(201)
        .id_in_location();
    harbor
        .put(ANN, &format!("{path}/{id}"), json!({"role_id": 1}))
        .await
        .error(403, "FORBIDDEN", "");
    harbor
        .put(ANN, &format!("{path}/{id}"), json!({"role_id": 4}))
        .await
        .empty();
    harbor
        .put(ANN, &format!("{path}/{carl}"), json!({"role_id": 5}))
        .await
        .error(403, "FORBIDDEN", "");
    harbor
        .delete(ANN, &format!("{path}/{carl}"))
        .await
        .error(403, "FORBIDDEN", "");
    harbor.delete(ANN, &format!("{path}/{id}")).await.empty();
}
