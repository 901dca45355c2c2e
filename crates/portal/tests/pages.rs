//! What the pages say and how they are sent.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use seawall_http::Origin;
use seawall_portal::{Portal, router};
use tower::ServiceExt;

async fn get(portal: Portal, path: &str) -> (StatusCode, http::HeaderMap, String) {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(Origin {
        scheme: "http",
        host: Some("127.0.0.1:8080".to_owned()),
    });
    let (head, body) = router(portal).oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (head.status, head.headers, text)
}

#[tokio::test]
async fn the_front_page_shows_the_address_and_how_to_log_in() {
    let (status, headers, page) = get(Portal::default(), "/").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    for part in [
        "docker login 127.0.0.1:8080",
        "http://127.0.0.1:8080",
        env!("CARGO_PKG_VERSION"),
        "lang=\"en\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        !page.contains("<script") && !page.contains("style=") && !page.contains("//cdn"),
        "{page}"
    );

    let portal = Portal {
        external_url: Some("https://hub.example".to_owned()),
    };
    assert!(
        get(portal, "/")
            .await
            .2
            .contains("docker login hub.example")
    );
}

#[tokio::test]
async fn every_link_of_the_front_page_that_is_ours_leads_somewhere() {
    let page = get(Portal::default(), "/").await.2;
    let links = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let mut seen = 0;
    for link in links.filter(|link| link.starts_with('/') && !link.starts_with("/api/")) {
        let (status, headers, text) = get(Portal::default(), link).await;
        assert_eq!(status, StatusCode::OK, "{link}");
        assert!(
            !text.is_empty() && headers.contains_key("content-type"),
            "{link}"
        );
        seen += 1;
    }
    assert!(seen >= 4, "{seen}");
}

#[tokio::test]
async fn an_unknown_path_is_a_page_too() {
    let (status, headers, page) = get(Portal::default(), "/nothing/here").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(headers.contains_key("x-frame-options") && page.contains("Not found"));
    assert_eq!(
        get(Portal::default(), "/docs/..%2Fsecret").await.0,
        StatusCode::NOT_FOUND
    );
}
