//! Uploads on their way: order, status, resumption, cancellation, lies about lengths, repetition.

use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Method, StatusCode};
use seawall_oci::Algorithm;

use super::client::{error_code, location};
use super::content::Blob;
use super::server::client;

#[tokio::test]
async fn a_chunk_out_of_order_is_refused_and_the_upload_goes_on() {
    let client = client("uploads-order").await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        for put_last in [false, true] {
            let blob = Blob::seeded(algorithm, &format!("order/{algorithm}/{put_last}"), 3067);
            let mut place = client.start().await;
            for (index, piece) in blob.bytes.chunks(1024).enumerate() {
                let start = index * 1024;
                let wrong = if start + 2048 < blob.bytes.len() {
                    start + 1024
                } else {
                    0
                };
                // Too far ahead at first, then once more from the beginning.
                let refused = if put_last && wrong == 0 && start > 0 {
                    client
                        .put(&place, blob.digest.as_str(), Some(wrong), piece)
                        .await
                } else if wrong == 0 && start == 0 {
                    client.patch(&place, Some(9000), piece).await
                } else {
                    client.patch(&place, Some(wrong), piece).await
                };
                assert_eq!(refused.status(), StatusCode::RANGE_NOT_SATISFIABLE);
                let status = client.send(Method::GET, &place).await;
                assert_eq!(status.status(), StatusCode::NO_CONTENT);
                let end = start.saturating_sub(1);
                assert_eq!(status.headers()[RANGE], format!("0-{end}"));
                place = location(&status);
                if put_last && start + piece.len() == blob.bytes.len() {
                    let done = client
                        .put(&place, blob.digest.as_str(), Some(start), piece)
                        .await;
                    assert_eq!(done.status(), StatusCode::CREATED);
                } else {
                    let taken = client.patch(&place, Some(start), piece).await;
                    assert_eq!(taken.status(), StatusCode::ACCEPTED);
                    place = location(&taken);
                }
            }
            if !put_last {
                let done = client.put(&place, blob.digest.as_str(), None, b"").await;
                assert_eq!(done.status(), StatusCode::CREATED);
            }
            client.check_blob(&blob).await;
        }
    }
}

#[tokio::test]
async fn an_upload_can_be_cancelled() {
    let client = client("uploads-cancel").await;
    let place = client.start().await;
    let taken = client.patch(&place, None, b"never mind").await;
    let place = location(&taken);
    assert_eq!(
        client.send(Method::DELETE, &place).await.status(),
        StatusCode::NO_CONTENT
    );
    for method in [Method::GET, Method::DELETE] {
        let response = client.send(method.clone(), &place).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method}");
        assert_eq!(error_code(response).await, "BLOB_UPLOAD_UNKNOWN");
    }
    let response = client.patch(&place, None, b"more").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_upload_is_known_only_in_its_repository() {
    let client = client("uploads-scope").await;
    let place = client.start().await;
    let other = place.replace("uploads-scope", "uploads-scope-elsewhere");
    assert_ne!(place, other);
    assert_eq!(
        client.send(Method::GET, &other).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        client.patch(&other, None, b"x").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        client.send(Method::DELETE, &other).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        client.send(Method::GET, &place).await.status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn unknown_uploads_are_unknown() {
    let client = client("uploads-unknown").await;
    for id in ["1", "00000000-0000-4000-8000-000000000000", "..%2f..%2fetc"] {
        let response = client
            .send(Method::PATCH, &format!("blobs/uploads/{id}"))
            .await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{id}");
    }
}

#[tokio::test]
async fn a_length_that_is_not_the_range_s_is_refused() {
    let client = client("uploads-lies").await;
    let place = client.start().await;
    for range in ["0-99", "0-1"] {
        let request = client
            .request(Method::PATCH, &place)
            .header(CONTENT_RANGE, range);
        let response = request.body("0123456789").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{range}");
        assert_eq!(error_code(response).await, "SIZE_INVALID");
    }
    for range in ["nonsense", "9-0", "-5"] {
        let request = client
            .request(Method::PATCH, &place)
            .header(CONTENT_RANGE, range);
        let response = request.body("0123456789").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{range}");
    }
    // None of it was taken.
    assert_eq!(
        client.send(Method::GET, &place).await.headers()[RANGE],
        "0-0"
    );
    let blob = Blob::of(Algorithm::Sha256, "0123456789");
    let done = client
        .put(&place, blob.digest.as_str(), Some(0), &blob.bytes)
        .await;
    assert_eq!(done.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn repeating_the_last_request_gives_the_same_answer() {
    let client = client("uploads-again").await;
    let blob = Blob::seeded(Algorithm::Sha256, "again", 2000);
    let place = client.start().await;
    let taken = client.patch(&place, Some(0), &blob.bytes).await;
    let place = location(&taken);
    let first = client.put(&place, blob.digest.as_str(), None, b"").await;
    let second = client.put(&place, blob.digest.as_str(), None, b"").await;
    assert_eq!(
        (first.status(), second.status()),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_eq!(first.headers()[LOCATION], second.headers()[LOCATION]);
    assert_eq!(
        second.headers()["docker-content-digest"],
        blob.digest.as_str()
    );
    client.check_blob(&blob).await;
}

#[tokio::test]
async fn the_same_blob_twice_is_no_error() {
    let client = client("uploads-twice").await;
    let blob = Blob::seeded(Algorithm::Sha256, "twice", 500);
    for way in super::client::WAYS {
        client.push_blob(way, &blob).await;
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_the_connection_was_lost() {
    let client = client("uploads-resumed").await;
    let blob = Blob::seeded(Algorithm::Sha256, "resumed", 200_000);
    let place = client.start().await;
    // The body breaks off: the sender's stream fails half way.
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = blob.bytes[..100_000]
        .chunks(10_000)
        .map(|piece| Ok(piece.to_vec()))
        .chain([Err(std::io::Error::other("the cable was pulled"))])
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let broken = client
        .request(Method::PATCH, &place)
        .body(body)
        .send()
        .await;
    assert!(broken.is_err() || !broken.unwrap().status().is_success());
    // What came is kept, or not; the status tells, and the rest goes after it.
    let mut offset = None;
    for _ in 0..100 {
        let status = client.send(Method::GET, &place).await;
        assert_eq!(status.status(), StatusCode::NO_CONTENT);
        let range = status.headers()[RANGE].to_str().unwrap().to_owned();
        let end: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
        let start = if end == 0 { 0 } else { end + 1 };
        let taken = client
            .patch(&place, Some(start), &blob.bytes[start..])
            .await;
        if taken.status() == StatusCode::ACCEPTED {
            offset = Some(start);
            break;
        }
    }
    assert!(offset.is_some_and(|offset| offset <= 100_000), "{offset:?}");
    let done = client.put(&place, blob.digest.as_str(), None, b"").await;
    assert_eq!(done.status(), StatusCode::CREATED);
    client.check_blob(&blob).await;
}
