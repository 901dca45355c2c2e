//! Blobs: each way to push one, with both algorithms; reading, ranges, deletion.

use reqwest::header::{IF_NONE_MATCH, RANGE};
use reqwest::{Method, StatusCode};
use seawall_oci::Algorithm;
use serde_json::json;

use super::client::{WAYS, Way, error_code};
use super::content::{Blob, Kind};
use super::server::client;

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

#[tokio::test]
async fn each_way_of_pushing_a_blob_gives_the_same_blob() {
    let client = client("blobs-ways").await;
    for algorithm in ALGORITHMS {
        for way in WAYS {
            for size in [64, 512, 3067] {
                let blob = Blob::seeded(algorithm, &format!("{algorithm}/{way:?}/{size}"), size);
                assert_eq!(
                    client.head(&format!("blobs/{}", blob.digest)).await,
                    StatusCode::NOT_FOUND
                );
                client.push_blob(way, &blob).await;
                client.check_blob(&blob).await;
            }
        }
    }
}

#[tokio::test]
async fn the_empty_blob_and_the_empty_object_are_blobs() {
    let client = client("blobs-empty").await;
    for algorithm in ALGORITHMS {
        for way in [Way::PostPut, Way::PostOnly, Way::Streamed] {
            for bytes in ["", "{}"] {
                let blob = Blob::of(algorithm, bytes);
                client.push_blob(way, &blob).await;
                client.check_blob(&blob).await;
                let path = format!("blobs/{}", blob.digest);
                assert_eq!(
                    client.send(Method::DELETE, &path).await.status(),
                    StatusCode::ACCEPTED
                );
                assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
            }
        }
    }
}

#[tokio::test]
async fn content_of_another_digest_is_refused_and_leaves_nothing() {
    let client = client("blobs-wrong").await;
    for algorithm in ALGORITHMS {
        for way in WAYS {
            let blob = Blob::seeded(algorithm, &format!("wrong/{algorithm}/{way:?}"), 3067);
            let mut bytes = blob.bytes.clone();
            bytes.extend_from_slice(b"oh no");
            let response = client.upload(way, &blob.digest, &bytes).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{way:?}");
            assert_eq!(error_code(response).await, "DIGEST_INVALID");
            assert_eq!(
                client.head(&format!("blobs/{}", blob.digest)).await,
                StatusCode::NOT_FOUND
            );
        }
    }
}

#[tokio::test]
async fn a_malformed_digest_is_refused() {
    let client = client("blobs-malformed").await;
    for digest in [
        "sha256:baddigeststring",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256",
        "",
    ] {
        let response = client
            .put(&client.start().await, digest, None, b"content")
            .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{digest}");
        assert_eq!(error_code(response).await, "DIGEST_INVALID");
    }
    let response = client
        .send(Method::GET, "blobs/sha256:baddigeststring")
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_code(response).await, "DIGEST_INVALID");
}

#[tokio::test]
async fn a_part_of_a_blob_can_be_read() {
    let client = client("blobs-ranges").await;
    for algorithm in ALGORITHMS {
        let blob = Blob::seeded(algorithm, "ranges", 2048);
        client.push_blob(Way::PostPut, &blob).await;
        let path = format!("blobs/{}", blob.digest);
        for (range, start, end) in [
            ("bytes=500-1499", 500, 1500),
            ("bytes=500-", 500, 2048),
            ("bytes=-500", 1548, 2048),
            ("bytes=2000-5000", 2000, 2048),
            ("bytes=0-0", 0, 1),
            ("bytes=-9999", 0, 2048),
        ] {
            let response = client
                .request(Method::GET, &path)
                .header(RANGE, range)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(
                response.headers()["content-range"],
                format!("bytes {start}-{}/2048", end - 1)
            );
            assert_eq!(
                response.headers()["content-length"],
                (end - start).to_string()
            );
            assert_eq!(
                response.headers()["docker-content-digest"],
                blob.digest.as_str()
            );
            assert_eq!(response.bytes().await.unwrap(), blob.bytes[start..end]);
        }
        for range in ["bytes=5000-10000", "bytes=2048-", "bytes=500-0", "bytes=-0"] {
            let response = client
                .request(Method::GET, &path)
                .header(RANGE, range)
                .send()
                .await
                .unwrap();
            assert_eq!(
                response.status(),
                StatusCode::RANGE_NOT_SATISFIABLE,
                "{range}"
            );
            assert_eq!(response.headers()["content-range"], "bytes */2048");
        }
        for range in ["bytes=0-1,5-6", "lines=1-2", "nonsense"] {
            let response = client
                .request(Method::GET, &path)
                .header(RANGE, range)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{range}");
            assert_eq!(response.bytes().await.unwrap(), blob.bytes);
        }
    }
}

#[tokio::test]
async fn a_blob_that_the_client_has_is_not_sent_again() {
    let client = client("blobs-etag").await;
    let blob = Blob::seeded(Algorithm::Sha256, "etag", 100);
    client.push_blob(Way::PostPut, &blob).await;
    let path = format!("blobs/{}", blob.digest);
    let request = client
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, format!("\"{}\"", blob.digest));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(response.bytes().await.unwrap(), "");
    let request = client
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, "\"sha256:other\"");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_missing_blob_is_unknown() {
    let client = client("blobs-missing").await;
    let there = Blob::seeded(Algorithm::Sha256, "there", 10);
    client.push_blob(Way::PostPut, &there).await;
    let missing = Blob::seeded(Algorithm::Sha256, "nowhere", 10);
    let path = format!("blobs/{}", missing.digest);
    let response = client.send(Method::GET, &path).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(error_code(response).await, "BLOB_UNKNOWN");
    assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
    assert_eq!(
        client.send(Method::DELETE, &path).await.status(),
        StatusCode::NOT_FOUND
    );
    // A blob is served only where it was pushed or mounted.
    let elsewhere = client.at(&format!("{}/elsewhere", client.repository));
    assert_eq!(
        elsewhere.head(&format!("blobs/{}", there.digest)).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_deleted_blob_is_gone_at_once_and_can_come_back() {
    let client = client("blobs-deleted").await;
    let blob = Blob::seeded(Algorithm::Sha256, "deleted", 1000);
    let path = format!("blobs/{}", blob.digest);
    for _ in 0..2 {
        client.push_blob(Way::PostOnly, &blob).await;
        client.check_blob(&blob).await;
        assert_eq!(
            client.send(Method::DELETE, &path).await.status(),
            StatusCode::ACCEPTED
        );
        assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
        assert_eq!(
            client.send(Method::GET, &path).await.status(),
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_blob_that_an_artifact_needs_is_kept() {
    let client = client("blobs-needed").await;
    let mut kind = Kind::new("blobs-needed", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    for blob in &kind.blobs {
        client.push_blob(Way::PostPut, blob).await;
    }
    let manifest = &kind.manifests[0];
    client.put_manifest("latest", &[], manifest).await;
    for blob in &kind.blobs {
        let path = format!("blobs/{}", blob.digest);
        let refused = client.send(Method::DELETE, &path).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.headers()["allow"], "GET, HEAD");
        assert_eq!(error_code(refused).await, "UNSUPPORTED");
        client.check_blob(blob).await;
    }
    let path = format!("manifests/{}", manifest.digest);
    let deleted = client.send(Method::DELETE, &path).await;
    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    for blob in &kind.blobs {
        let path = format!("blobs/{}", blob.digest);
        let deleted = client.send(Method::DELETE, &path).await;
        assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    }
}
