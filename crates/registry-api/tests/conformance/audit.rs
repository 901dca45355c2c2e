//! What the audit log and the counters say afterwards: refused pushes stand in it, reads that fail do not, and a
//! pull is a GET of a manifest.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use seawall_oci::Algorithm;
use serde_json::{Value, json};

use super::client::{Client, Way};
use super::content::Kind;
use super::server::{client, manage, private_client};

/// The lines of the audit log about this user, newest first.
async fn lines_of(admin: &Client, username: &str) -> Vec<Value> {
    let path = format!("/auditlog-exts?q=username={username}&page_size=100");
    let (status, _, body) = manage(admin, Method::GET, &path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_refused_push_is_audited_and_a_refused_pull_is_not() {
    let (owner, stranger) = private_client("audit-refused").await;
    let admin = client("audit").await;
    let stranger = stranger.at(&owner.repository);
    let name = stranger.login.clone().unwrap().0;
    let before = lines_of(&admin, &name).await.len();
    for (method, path, status) in [
        (Method::GET, "manifests/latest", StatusCode::UNAUTHORIZED),
        (Method::GET, "tags/list", StatusCode::UNAUTHORIZED),
        (Method::POST, "blobs/uploads/", StatusCode::UNAUTHORIZED),
        (Method::DELETE, "manifests/latest", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(stranger.send(method, path).await.status(), status);
    }
    let missing = stranger.at("no-such-project/app");
    let response = missing.send(Method::PUT, "manifests/latest").await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let lines = lines_of(&admin, &name).await;
    let refused: Vec<_> = lines
        .iter()
        .filter(|line| line["operation_result"] != true)
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (text("operation"), text("resource_type"), text("resource"))
        })
        .collect();
    let line = |operation: &str, resource_type: &str, resource: &str| {
        (
            operation.to_owned(),
            resource_type.to_owned(),
            resource.to_owned(),
        )
    };
    assert_eq!(lines.len() - before, 3, "{lines:?}");
    for expected in [
        line("create", "blob", &stranger.repository),
        line("delete", "tag", &format!("{}:latest", stranger.repository)),
        line("create", "artifact", "no-such-project/app:latest"),
    ] {
        assert!(
            refused.contains(&expected),
            "{expected:?} is not among {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_pull_is_a_get_of_a_manifest() {
    let client = client("audit-pulls").await;
    let mut kind = Kind::new("audit-pulls", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    for blob in &kind.blobs {
        client.push_blob(Way::PostPut, blob).await;
    }
    let manifest = &kind.manifests[0];
    client.put_manifest("latest", &[], manifest).await;
    for _ in 0..3 {
        client.get_manifest(Method::HEAD, "manifests/latest").await;
        client.get_manifest(Method::GET, "manifests/latest").await;
    }
    let by_digest = format!("manifests/{}", manifest.digest);
    client.get_manifest(Method::GET, &by_digest).await;
    for blob in &kind.blobs {
        client.check_blob(blob).await;
    }
    let path = "/projects/library/repositories/audit-pulls";
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (_, _, body) = manage(&client, Method::GET, path, Value::Null).await;
        let pulls = body["pull_count"].as_i64().unwrap_or_default();
        assert!(pulls <= 4, "{body}");
        if pulls == 4 {
            break;
        }
        assert!(Instant::now() < deadline, "{body}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
