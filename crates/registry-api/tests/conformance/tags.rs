//! The list of tags, whole and by pages.

use reqwest::{Method, StatusCode};
use seawall_oci::Algorithm;
use serde_json::json;

use super::client::{Way, error_code};
use super::content::Kind;
use super::server::client;

#[tokio::test]
async fn tags_come_sorted_and_by_pages() {
    let client = client("tags-pages").await;
    let mut kind = Kind::new("tags-pages", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    for blob in &kind.blobs {
        client.push_blob(Way::PostPut, blob).await;
    }
    let mut expected = ["v1", "V2", "_x", "latest", "1.0", "a.b-c_d", "zz", "b"]
        .map(str::to_owned)
        .to_vec();
    for tag in &expected {
        client.push_manifest(tag, &[], &kind.manifests[0]).await;
    }
    expected.sort();
    assert_eq!(client.tags("").await, (expected.clone(), None));
    for size in 1..=9 {
        let mut found = Vec::new();
        let mut query = format!("?n={size}");
        loop {
            let (page, link) = client.tags(&query).await;
            assert!(page.len() <= size);
            found.extend(page);
            let Some(link) = link else { break };
            let (target, relation) = link.split_once(';').unwrap();
            assert_eq!(relation.trim(), "rel=\"next\"");
            let target = target.trim_matches(['<', '>']);
            query = target[target.find('?').unwrap()..].to_owned();
        }
        assert_eq!(found, expected, "n={size}");
    }
    let half = expected.len() / 2;
    assert_eq!(
        client
            .tags(&format!("?last={}", expected[half - 1]))
            .await
            .0,
        expected[half..]
    );
    // The last entry need not exist.
    assert_eq!(
        client.tags("?last=b0").await.0,
        expected[expected.iter().position(|tag| tag == "b").unwrap() + 1..]
    );
    assert_eq!(client.tags("?n=0").await, (Vec::new(), None));
    assert_eq!(client.tags("?last=zzz").await, (Vec::new(), None));
    for query in ["?n=-1", "?n=many"] {
        let response = client.send(Method::GET, &format!("tags/list{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_repository_that_is_not_there_has_no_list() {
    let client = client("tags-nowhere").await;
    let response = client.send(Method::GET, "tags/list").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(error_code(response).await, "NAME_UNKNOWN");
}

#[tokio::test]
async fn a_tag_moves_and_goes_without_its_manifest() {
    let client = client("tags-move").await;
    let mut kind = Kind::new("tags-move", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    kind.image("arm64", 1, &json!({}), &[]);
    for blob in &kind.blobs {
        client.push_blob(Way::PostPut, blob).await;
    }
    let (first, second) = (&kind.manifests[0], &kind.manifests[1]);
    client.push_manifest("moving", &[], first).await;
    client.check_manifest("moving", first).await;
    client.push_manifest("moving", &[], second).await;
    client.check_manifest("moving", second).await;
    client.check_manifest(first.digest.as_str(), first).await;
    let response = client.send(Method::DELETE, "manifests/moving").await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(client.head("manifests/moving").await, StatusCode::NOT_FOUND);
    client.check_manifest(second.digest.as_str(), second).await;
    let response = client.send(Method::DELETE, "manifests/moving").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(error_code(response).await, "MANIFEST_UNKNOWN");
    assert_eq!(client.tags("").await.0, Vec::<String>::new());
    // Deleting the manifest takes its tags along.
    client.push_manifest("one", &[], first).await;
    client.push_manifest("two", &[], first).await;
    let response = client
        .send(Method::DELETE, &format!("manifests/{}", first.digest))
        .await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(client.tags("").await.0, Vec::<String>::new());
    for reference in ["one", "two", first.digest.as_str()] {
        assert_eq!(
            client.head(&format!("manifests/{reference}")).await,
            StatusCode::NOT_FOUND
        );
    }
}
