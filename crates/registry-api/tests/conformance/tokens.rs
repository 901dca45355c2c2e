//! The token service: what it grants, to whom, and what its tokens are good for.

use reqwest::{Method, Response, StatusCode};
use seawall_oci::Algorithm;
use serde_json::Value;

use super::client::{Client, Way};
use super::content::Blob;
use super::server::client;

async fn token(client: &Client, query: &str) -> Response {
    client
        .send(Method::GET, &format!("/service/token?{query}"))
        .await
}

/// The access that a token carries, read from its second part.
fn access_of(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice::<Value>(&bytes).unwrap()["access"].clone()
}

#[tokio::test]
async fn the_token_service_grants_what_the_identity_has() {
    let client = client("base-token").await;
    let name = client.repository.clone();
    let response = token(
        &client,
        &format!("service=harbor-registry&scope=repository:{name}:pull,push"),
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    assert!(
        body["expires_in"]
            .as_u64()
            .is_some_and(|seconds| seconds > 0)
    );
    assert!(
        body["issued_at"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    let granted = access_of(body["token"].as_str().unwrap());
    assert_eq!(granted[0]["name"], name.as_str());
    for action in ["pull", "push"] {
        assert!(
            granted[0]["actions"]
                .as_array()
                .unwrap()
                .contains(&action.into()),
            "{granted}"
        );
    }
    // Such a token is enough to push and to pull.
    let blob = Blob::seeded(Algorithm::Sha256, "token", 100);
    client.push_blob(Way::PostPut, &blob).await;
    let with_token = |method: Method, path: String| {
        let request = client.anonymous().request(method, &path);
        request.bearer_auth(body["token"].as_str().unwrap()).send()
    };
    let path = format!("blobs/{}", blob.digest);
    assert_eq!(
        with_token(Method::HEAD, path).await.unwrap().status(),
        StatusCode::OK
    );
    // Elsewhere it is worth nothing, whatever its holder may do.
    let path = "/v2/library/base-token-other/blobs/uploads/".to_owned();
    assert_eq!(
        with_token(Method::POST, path).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_token_service_never_fails_for_a_scope() {
    let client = client("base-scopes").await;
    for (scope, granted) in [
        ("repository:nginx:pull", Some("nginx")),
        (
            "repository:no-such-project/app:pull,push",
            Some("no-such-project/app"),
        ),
        ("repository:Bad//Name:pull", Some("Bad//Name")),
        ("artifact:x:pull", Some("x")),
        ("nonsense", None),
    ] {
        let response = token(&client, &format!("service=harbor-registry&scope={scope}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{scope}");
        let body: Value = response.json().await.unwrap();
        let access = access_of(body["token"].as_str().unwrap());
        for entry in access.as_array().into_iter().flatten() {
            assert_eq!(entry["name"].as_str(), granted, "{scope}");
            assert!(
                entry["actions"].as_array().is_none_or(Vec::is_empty),
                "{scope}: {entry}"
            );
        }
    }
}

#[tokio::test]
async fn the_token_service_tells_who_is_nobody() {
    let client = client("base-anonymous").await;
    let nobody = client.anonymous();
    assert_eq!(
        token(&nobody, "service=harbor-registry").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        token(&client, "service=harbor-registry").await.status(),
        StatusCode::OK
    );
    assert_eq!(
        token(&client, "service=somebody-else").await.status(),
        StatusCode::BAD_REQUEST
    );
    let response = client.send(Method::POST, "/service/token").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    // Anonymous pulls of a public project go by an anonymous token.
    let blob = Blob::seeded(Algorithm::Sha256, "public", 100);
    client.push_blob(Way::PostPut, &blob).await;
    let scope = format!(
        "service=harbor-registry&scope=repository:{}:pull,push",
        client.repository
    );
    let response = token(&nobody, &scope).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = response.json().await.unwrap();
    let bearer = body["token"].as_str().unwrap();
    assert_eq!(access_of(bearer)[0]["actions"], serde_json::json!(["pull"]));
    let path = format!("blobs/{}", blob.digest);
    let response = nobody
        .request(Method::GET, &path)
        .bearer_auth(bearer)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let response = nobody
        .request(Method::POST, "blobs/uploads/")
        .bearer_auth(bearer)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        nobody.send(Method::GET, &path).await.status(),
        StatusCode::UNAUTHORIZED
    );
}
