//! The base endpoint, the challenges, the catalog, and paths that mean no good.

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};
use seawall_oci::{Algorithm, Digest};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{Client, Way, error_code, with_query};
use super::server::{client, user};

fn challenge(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["docker-distribution-api-version"],
        "registry/2.0"
    );
    response.headers()[WWW_AUTHENTICATE]
        .to_str()
        .unwrap()
        .to_owned()
}

fn bearer(base: &str, scope: &str) -> String {
    let scope = if scope.is_empty() {
        String::new()
    } else {
        format!(",scope=\"{scope}\"")
    };
    format!("Bearer realm=\"{base}/service/token\",service=\"harbor-registry\"{scope}")
}

/// The whole answer to a GET of exactly this path.
async fn raw(client: &Client, path: &str) -> String {
    let (client, base) = client.pinned();
    let request = client.request(Method::GET, "/v2/").build().unwrap();
    let authorization = request.headers()[AUTHORIZATION].to_str().unwrap();
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_base_tells_whether_one_is_logged_in() {
    let (client, base) = client("base").await.pinned();
    for path in ["/v2/", "/v2"] {
        let response = client.send(Method::GET, path).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()["docker-distribution-api-version"],
            "registry/2.0"
        );
        let response = client.anonymous().send(Method::GET, path).await;
        assert_eq!(challenge(&response), bearer(&base, ""));
        assert_eq!(error_code(response).await, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn each_request_without_credentials_is_told_what_to_ask_for() {
    let (client, base) = client("base-challenge").await.pinned();
    let nobody = client.anonymous();
    let name = &client.repository;
    let digest = Digest::sha256(b"x");
    for (method, path, actions) in [
        (Method::GET, "manifests/latest".to_owned(), "pull"),
        (Method::HEAD, "manifests/latest".to_owned(), "pull"),
        (Method::GET, format!("blobs/{digest}"), "pull"),
        (Method::GET, "tags/list".to_owned(), "pull"),
        (Method::GET, format!("referrers/{digest}"), "pull"),
        (Method::PUT, "manifests/latest".to_owned(), "pull,push"),
        (Method::POST, "blobs/uploads/".to_owned(), "pull,push"),
        (Method::DELETE, "manifests/latest".to_owned(), "delete"),
    ] {
        let response = nobody.send(method.clone(), &path).await;
        let expected = bearer(&base, &format!("repository:{name}:{actions}"));
        assert_eq!(challenge(&response), expected, "{method} {path}");
    }
    let mount = with_query("blobs/uploads/", "mount", digest.as_str());
    let response = nobody
        .send(Method::POST, &with_query(&mount, "from", "library/other"))
        .await;
    let expected = format!("repository:{name}:pull,push repository:library/other:pull");
    assert_eq!(challenge(&response), bearer(&base, &expected));
}

#[tokio::test]
async fn credentials_that_do_not_suffice_are_asked_for_again() {
    let client = client("base-wrong").await;
    // A user of its own: a wrong password locks the name for a moment.
    let mut wrong = user(&client, "base-wrong").await;
    wrong.login = Some(("base-wrong".to_owned(), "not the password".to_owned()));
    for (method, path) in [
        (Method::GET, "/v2/"),
        (Method::POST, "blobs/uploads/"),
        (Method::GET, "/v2/_catalog"),
    ] {
        let response = wrong.send(method, path).await;
        assert_eq!(challenge(&response), "Basic realm=\"harbor\"");
    }
    let response = client.anonymous().send(Method::GET, "/v2/_catalog").await;
    assert_eq!(challenge(&response), "Basic realm=\"harbor\"");
    for header in [
        "Bearer nonsense",
        "Bearer a.b.c",
        "Basic !!!",
        "Digest x",
        "Basic",
    ] {
        let request = client
            .anonymous()
            .request(Method::GET, "/v2/")
            .header(AUTHORIZATION, header);
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED,
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_push_into_a_missing_project_names_the_way_out() {
    let client = client("base-missing").await.at("no-such-project/app");
    for (method, path) in [
        (Method::POST, "blobs/uploads/"),
        (Method::PUT, "manifests/latest"),
    ] {
        let response = client.send(method, path).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], "DENIED");
        let message = body["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("seawall project create no-such-project"),
            "{message}"
        );
    }
    let response = client.send(Method::GET, "manifests/latest").await;
    assert_eq!(challenge(&response), "");
    assert_eq!(
        client
            .anonymous()
            .send(Method::POST, "blobs/uploads/")
            .await
            .status(),
        StatusCode::UNAUTHORIZED
    );
    let alone = client
        .at("nginx")
        .send(Method::POST, "blobs/uploads/")
        .await;
    assert_eq!(alone.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn names_and_paths_out_of_grammar_are_clear_errors() {
    let client = client("base-paths").await;
    for (path, status, code) in [
        ("/v2/library/UPPER/tags/list", 400, "NAME_INVALID"),
        ("/v2/library/a%252fb/tags/list", 400, "NAME_INVALID"),
        ("/v2/library/a/manifests/%20", 400, "MANIFEST_INVALID"),
        ("/v2/library/a/blobs/sha256:zz", 400, "DIGEST_INVALID"),
        ("/v2/library/a/nothing/here", 404, "UNSUPPORTED"),
        ("/v2/library/a/tags/list/", 404, "UNSUPPORTED"),
        ("/v2/%00/tags/list", 400, "NAME_INVALID"),
    ] {
        let response = client.send(Method::GET, path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(error_code(response).await, code, "{path}");
    }
    // Clients resolve dots themselves; one that does not is told that they are no names.
    for path in [
        "/v2/library/../secret/tags/list",
        "/v2/library/%2e%2e/secret/tags/list",
        "/v2/..%2f..%2fetc/tags/list",
    ] {
        let answer = raw(&client, path).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("NAME_INVALID"), "{answer}");
    }
    let long = format!("/v2/library/{}/tags/list", "a".repeat(300));
    assert_eq!(
        client.send(Method::GET, &long).await.status(),
        StatusCode::BAD_REQUEST
    );
    let response = client.send(Method::POST, "/v2/library/a/manifests/x").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, HEAD, PUT, DELETE");
}

#[tokio::test]
async fn the_catalog_lists_repositories_by_pages() {
    let client = client("base-catalog").await;
    let mut kind = super::content::Kind::new("base-catalog", Algorithm::Sha256);
    kind.artifact_without_content(&[]);
    for name in [
        "library/catalog-a",
        "library/catalog-b",
        "library/catalog-c",
    ] {
        let client = client.at(name);
        client.push_blob(Way::PostPut, &kind.blobs[0]).await;
        client
            .push_manifest("latest", &[], &kind.manifests[0])
            .await;
    }
    // A repository without an artifact is not listed.
    client
        .at("library/catalog-empty")
        .push_blob(Way::PostPut, &kind.blobs[0])
        .await;
    let mut found: Vec<String> = Vec::new();
    let mut path = "/v2/_catalog?n=2".to_owned();
    loop {
        let response = client.send(Method::GET, &path).await;
        assert_eq!(response.status(), StatusCode::OK);
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        let body: Value = response.json().await.unwrap();
        let page = body["repositories"].as_array().unwrap();
        assert!(page.len() <= 2);
        found.extend(page.iter().map(|name| name.as_str().unwrap().to_owned()));
        let Some(link) = link else { break };
        path = link
            .split(';')
            .next()
            .unwrap()
            .trim_matches(['<', '>'])
            .to_owned();
    }
    let mine: Vec<_> = found
        .iter()
        .filter(|name| name.starts_with("library/catalog-"))
        .collect();
    assert_eq!(
        mine,
        [
            "library/catalog-a",
            "library/catalog-b",
            "library/catalog-c"
        ]
    );
    assert!(found.is_sorted());
    for query in ["n=-1", "n=x"] {
        let response = client
            .send(Method::GET, &format!("/v2/_catalog?{query}"))
            .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
}
