//! Users: made, listed, changed, deleted; passwords, CLI secrets, tokens and what one may do.

use serde_json::json;

use crate::support::{ADMIN, Harbor, Login, NOBODY, PASSWORD};

const ANN: Login<'static> = Some(("ann", PASSWORD));

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    for harbor in Harbor::on_both().await {
        let body = json!({
            "username": "ann", "email": "ann@example.org", "realname": "Ann", "comment": "hello", "password": PASSWORD,
        });
        let made = harbor.post(ADMIN, "/users", body).await.status(201);
        let id = made.id_in_location();
        assert_eq!(
            made.header("location").unwrap(),
            format!("/api/v2.0/users/{id}")
        );
        let path = format!("/users/{id}");
        let user = harbor.get(ANN, &path).await.status(200).json();
        assert_eq!(
            (&user["username"], &user["email"]),
            (&json!("ann"), &json!("ann@example.org"))
        );
        assert_eq!(
            (&user["sysadmin_flag"], &user["comment"]),
            (&json!(false), &json!("hello"))
        );
        assert_eq!(
            harbor.get(ANN, "/users/current").await.status(200).json(),
            user
        );
        harbor
            .put(
                ANN,
                &path,
                json!({"email": "a@example.net", "realname": "A", "comment": ""}),
            )
            .await
            .empty();
        let changed = harbor.get(ADMIN, &path).await.json();
        assert_eq!(changed["email"], "a@example.net");
        assert!(changed.get("comment").is_none());
        harbor.delete(ADMIN, &path).await.empty();
        harbor.get(ADMIN, &path).await.error(404, "NOT_FOUND", "");
        harbor
            .get(ANN, "/users/current")
            .await
            .error(401, "UNAUTHORIZED", "");
    }
}

#[tokio::test]
async fn bad_users_are_refused() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    let add = async |username: &str, email: &str, password: &str| {
        let body =
            json!({"username": username, "email": email, "realname": "x", "password": password});
        harbor.post(ADMIN, "/users", body).await
    };
    add("ann", "other@example.org", PASSWORD)
        .await
        .error(409, "CONFLICT", "");
    add("bob", "ann@example.org", PASSWORD)
        .await
        .error(409, "CONFLICT", "");
    for weak in [
        "short1A",
        "alllowercase1",
        "ALLUPPERCASE1",
        "NoDigitsHere",
        "",
    ] {
        add("bob", "bob@example.org", weak)
            .await
            .error(400, "BAD_REQUEST", "");
    }
    for name in ["", "a,b", "a\"b", "a~b", "a#b", "a%b", "a$b"] {
        add(name, "bob@example.org", PASSWORD)
            .await
            .error(400, "BAD_REQUEST", "");
    }
    add("bob", "", PASSWORD).await.error(400, "BAD_REQUEST", "");
    add(&"a".repeat(256), "bob@example.org", PASSWORD)
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "username");
    harbor.send("POST", ADMIN, "/users", None).await.error(
        422,
        "UNPROCESSABLE_ENTITY",
        "userReq in body is required",
    );
    harbor
        .post(ANN, "/users", json!({"username": "eve"}))
        .await
        .error(403, "FORBIDDEN", "ann");
    harbor
        .post(NOBODY, "/users", json!({"username": "eve"}))
        .await
        .error(401, "UNAUTHORIZED", "");
}

#[tokio::test]
async fn the_list_leaves_the_built_in_administrator_out() {
    for harbor in Harbor::on_both().await {
        for name in ["ann", "anna", "bob"] {
            harbor.user(name).await;
        }
        let names = async |query: &str| {
            harbor
                .get(ADMIN, &format!("/users{query}"))
                .await
                .status(200)
                .texts("username")
        };
        assert_eq!(names("").await, ["ann", "anna", "bob"]);
        assert_eq!(names("?q=username%3D~AN").await, ["ann", "anna"]);
        assert_eq!(names("?q=email%3Dbob@example.org").await, ["bob"]);
        assert_eq!(names("?username=NNA").await, ["anna"]);
        assert_eq!(names("?sort=-username&page_size=1").await, ["bob"]);
        assert_eq!(names("?q=user_id%3D1").await, ["admin"]);
        assert_eq!(names("?page_size=-1").await.len(), 3);
        let found = harbor
            .get(ANN, "/users/search?username=an")
            .await
            .status(200);
        assert_eq!(
            (found.texts("username"), found.total()),
            (vec!["ann".to_owned(), "anna".to_owned()], 2)
        );
        assert_eq!(found.json()[0].as_object().unwrap().len(), 2);
        harbor.get(ANN, "/users/search").await.error(
            422,
            "UNPROCESSABLE_ENTITY",
            "username in query is required",
        );
    }
}

#[tokio::test]
async fn passwords_change_with_the_old_one_or_by_an_administrator() {
    for harbor in Harbor::on_both().await {
        let id = harbor.user("ann").await;
        let path = format!("/users/{id}/password");
        let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
        harbor
            .put(ANN, &path, change("Wrong-Pass-1", "Another-Pass-1"))
            .await
            .error(403, "FORBIDDEN", "");
        harbor
            .put(ANN, &path, change(PASSWORD, PASSWORD))
            .await
            .error(400, "BAD_REQUEST", "");
        harbor
            .put(ANN, &path, change(PASSWORD, "weak"))
            .await
            .error(400, "BAD_REQUEST", "");
        harbor
            .put(ANN, &path, change(PASSWORD, "Another-Pass-1"))
            .await
            .empty();
        harbor
            .get(Some(("ann", "Another-Pass-1")), "/users/current")
            .await
            .status(200);
        harbor
            .get(ANN, "/users/current")
            .await
            .error(401, "UNAUTHORIZED", "");
        harbor
            .put(ADMIN, &path, change("", "Third-Pass-1"))
            .await
            .empty();
        harbor
            .get(Some(("ann", "Third-Pass-1")), "/users/current")
            .await
            .status(200);
    }
}

#[tokio::test]
async fn administrators_are_made_and_unmade() {
    let harbor = Harbor::start().await;
    let id = harbor.user("ann").await;
    let path = format!("/users/{id}/sysadmin");
    harbor
        .put(ANN, &path, json!({"sysadmin_flag": true}))
        .await
        .error(403, "FORBIDDEN", "ann");
    harbor
        .put(ADMIN, &path, json!({"sysadmin_flag": true}))
        .await
        .empty();
    assert_eq!(
        harbor.get(ANN, "/users/current").await.json()["sysadmin_flag"],
        true
    );
    harbor.get(ANN, "/users").await.status(200);
    harbor
        .put(ADMIN, &path, json!({"sysadmin_flag": false}))
        .await
        .empty();
    harbor
        .get(ANN, "/users")
        .await
        .error(403, "FORBIDDEN", "ann");
}

#[tokio::test]
async fn nobody_deletes_themselves_or_the_built_in_administrator() {
    let harbor = Harbor::start().await;
    let id = harbor.user("ann").await;
    harbor
        .put(
            ADMIN,
            &format!("/users/{id}/sysadmin"),
            json!({"sysadmin_flag": true}),
        )
        .await
        .empty();
    harbor
        .delete(ANN, &format!("/users/{id}"))
        .await
        .error(403, "FORBIDDEN", "");
    harbor
        .delete(ANN, "/users/1")
        .await
        .error(403, "FORBIDDEN", "");
    harbor
        .delete(ADMIN, "/users/987654")
        .await
        .error(404, "NOT_FOUND", "");
    harbor
        .get(ADMIN, "/users/x")
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "user_id in path");
}

#[tokio::test]
async fn a_cli_secret_is_generated_or_chosen_and_logs_in() {
    for harbor in Harbor::on_both().await {
        let id = harbor.user("ann").await;
        let path = format!("/users/{id}/cli_secret");
        let shown = harbor.put(ANN, &path, json!({})).await.status(200).json();
        let secret = shown["secret"].as_str().unwrap().to_owned();
        assert!(secret.len() >= 22);
        harbor
            .get(Some(("ann", &secret)), "/users/current")
            .await
            .status(200);
        harbor
            .put(ANN, &path, json!({"secret": "Chosen-Secret-1"}))
            .await
            .empty();
        harbor
            .get(Some(("ann", "Chosen-Secret-1")), "/users/current")
            .await
            .status(200);
        harbor
            .get(Some(("ann", &secret)), "/users/current")
            .await
            .error(401, "UNAUTHORIZED", "");
        harbor.get(ANN, "/users/current").await.status(200);
        harbor
            .put(ANN, &path, json!({"secret": "weak"}))
            .await
            .error(400, "BAD_REQUEST", "");
        harbor
            .put(ANN, "/users/1/cli_secret", json!({}))
            .await
            .error(403, "FORBIDDEN", "ann");
    }
}

#[tokio::test]
async fn a_token_stands_for_the_password() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor
            .send("POST", NOBODY, "/users/current", None)
            .await
            .error(401, "UNAUTHORIZED", "unauthorized");
        let token = harbor
            .send("POST", ANN, "/users/current", None)
            .await
            .status(200)
            .json();
        assert_eq!(token["expires_in"], 1800);
        let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
        let header = [("authorization", bearer.as_str())];
        let me = harbor
            .send_with("GET", NOBODY, "/users/current", None, &header)
            .await
            .status(200)
            .json();
        assert_eq!(me["username"], "ann");
        let body = Some(json!({"project_name": "team"}));
        harbor
            .send_with("POST", NOBODY, "/projects", body, &header)
            .await
            .status(201);
        let forged = [("authorization", "Bearer not.a.token")];
        let answer = harbor
            .send_with("GET", NOBODY, "/users/current", None, &forged)
            .await;
        answer.error(401, "UNAUTHORIZED", "unauthorized");
    }
}

#[tokio::test]
async fn one_learns_what_one_may_do() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    let id = harbor.project("team", false).await;
    harbor.member("team", "ann", 3).await;
    let path = format!("/users/current/permissions?scope=/project/{id}");
    let absolute = harbor.get(ANN, &path).await.status(200).json();
    let has = |list: &serde_json::Value, resource: &str, action: &str| {
        list.as_array()
            .unwrap()
            .contains(&json!({"resource": resource, "action": action}))
    };
    assert!(has(&absolute, &format!("/project/{id}/repository"), "pull"));
    assert!(has(&absolute, &format!("/project/{id}"), "read"));
    assert!(!has(
        &absolute,
        &format!("/project/{id}/repository"),
        "push"
    ));
    let relative = harbor
        .get(ANN, &format!("{path}&relative=true"))
        .await
        .status(200)
        .json();
    assert!(has(&relative, "repository", "pull") && has(&relative, ".", "read"));
    assert_eq!(
        harbor
            .get(ANN, "/users/current/permissions?scope=/system")
            .await
            .json(),
        json!([{"resource": "/system/project", "action": "create"}])
    );
    let all = harbor
        .get(
            ADMIN,
            "/users/current/permissions?scope=/system&relative=true",
        )
        .await
        .json();
    assert!(has(&all, "user", "create"));
    assert_eq!(
        harbor.get(ANN, "/users/current/permissions").await.json(),
        json!([])
    );
    harbor
        .get(NOBODY, "/users/current/permissions")
        .await
        .error(401, "UNAUTHORIZED", "");
}
