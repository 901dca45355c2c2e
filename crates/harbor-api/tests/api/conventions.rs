//! What holds for every operation: error bodies, the order of checks, request ids, times, names in paths.

use serde_json::json;

use crate::support::{ADMIN, Harbor, NOBODY, PASSWORD};

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_harbors_shape() {
    let harbor = Harbor::start().await;
    harbor.get(NOBODY, "/nothing").await.error(
        404,
        "NOT_FOUND",
        "path /api/v2.0/nothing was not found",
    );
    let answer = harbor.send("PATCH", ADMIN, "/projects", None).await;
    let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    answer.error(405, "METHOD_NOT_ALLOWED", "method PATCH is not allowed");
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let harbor = Harbor::start().await;
    let sent = [("x-request-id", "abc-123")];
    for path in ["/ping", "/nothing", "/users"] {
        let answer = harbor.send_with("GET", NOBODY, path, None, &sent).await;
        assert_eq!(answer.header("x-request-id"), Some("abc-123"), "{path}");
    }
    let made = harbor.get(NOBODY, "/ping").await;
    assert_eq!(made.header("x-request-id").unwrap().len(), 36);
}

#[tokio::test]
async fn malformed_queries_are_bad_requests() {
    let harbor = Harbor::start().await;
    for query in [
        "?q=%zz",
        "?a;b",
        "?q=%ff",
        "?q=name",
        "?q=%3Dx",
        "?q=name%3D%5B1",
    ] {
        harbor
            .get(ADMIN, &format!("/projects{query}"))
            .await
            .error(400, "BAD_REQUEST", "");
    }
}

#[tokio::test]
async fn bodies_are_checked_as_the_schema_says() {
    let harbor = Harbor::start().await;
    let send = async |content_type: &str, body: &'static str| {
        let request = harbor
            .client
            .post(format!("{}/api/v2.0/projects", harbor.url));
        let request = request.basic_auth("admin", Some(PASSWORD)).body(body);
        let request = if content_type.is_empty() {
            request
        } else {
            request.header("content-type", content_type)
        };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("application/json", "{\"project_name\":").await, 400);
    assert_eq!(send("application/json", "{\"project_name\":7}").await, 422);
    assert_eq!(send("application/json", "").await, 422);
    assert_eq!(send("", "").await, 422);
    assert_eq!(send("text/plain", "{}").await, 415);
    assert_eq!(send("application/x-www-form-urlencoded", "a=b").await, 415);
    let deep = format!("{{\"metadata\":{{\"a\":{}", "[".repeat(100_000));
    let deep: &'static str = Box::leak(deep.into_boxed_str());
    assert!(matches!(send("application/json", deep).await, 400 | 422));
    let long: &'static str = Box::leak(" ".repeat(2 << 20).into_boxed_str());
    assert_eq!(send("application/json", long).await, 413);
}

#[tokio::test]
async fn permission_is_asked_before_the_body_is_looked_at() {
    let harbor = Harbor::start().await;
    harbor
        .send("POST", NOBODY, "/projects", None)
        .await
        .error(401, "UNAUTHORIZED", "unauthorized");
    harbor.user("ann").await;
    let path = "/projects/library/members";
    harbor
        .send("POST", Some(("ann", PASSWORD)), path, None)
        .await
        .error(403, "FORBIDDEN", "");
}

#[tokio::test]
async fn a_wrong_password_makes_nobody_and_public_things_stay_readable() {
    let harbor = Harbor::start().await;
    let wrong = Some(("ann", "Wrong-Password-1"));
    harbor.get(wrong, "/projects/library").await.status(200);
    harbor
        .get(wrong, "/users/current")
        .await
        .error(401, "UNAUTHORIZED", "unauthorized");
}

#[tokio::test]
async fn a_number_is_a_projects_id_unless_a_header_says_name() {
    let harbor = Harbor::start().await;
    let id = harbor.project("12345", false).await;
    let by_id = harbor
        .get(ADMIN, &format!("/projects/{id}"))
        .await
        .status(200)
        .json();
    assert_eq!(by_id["name"], "12345");
    harbor
        .get(ADMIN, "/projects/12345")
        .await
        .error(404, "NOT_FOUND", "project 12345 not found");
    let header = [("x-is-resource-name", "true")];
    let by_name = harbor
        .send_with("GET", ADMIN, "/projects/12345", None, &header)
        .await
        .status(200)
        .json();
    assert_eq!(by_name["project_id"], id);
}

#[tokio::test]
async fn in_read_only_mode_nothing_changes() {
    let harbor = Harbor::start_with(seawall_testkit::sqlite(), |settings| {
        settings.read_only = true;
    })
    .await;
    let body = json!({"project_name": "team"});
    let told = "The system is in read only mode. Any modification is prohibited.";
    harbor
        .post(ADMIN, "/projects", body)
        .await
        .error(403, "DENIED", told);
    harbor
        .delete(NOBODY, "/projects/library")
        .await
        .error(403, "DENIED", told);
    harbor.get(ADMIN, "/projects/library").await.status(200);
    assert_eq!(
        harbor.get(ADMIN, "/systeminfo").await.json()["read_only"],
        true
    );
}
