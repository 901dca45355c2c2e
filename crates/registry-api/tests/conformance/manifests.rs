//! Manifests: what is refused, what is negotiated, how large they may be.

use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use seawall_oci::media_type::{
    DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_SCHEMA1_SIGNED, OCI_INDEX, OCI_MANIFEST,
};
use seawall_oci::{Algorithm, Digest, MAX_MANIFEST_BYTES};
use serde_json::{Value, json};

use super::client::{Client, Way, error_code};
use super::content::{Blob, Kind, ManifestCase};
use super::server::client;

async fn pushed(client: &Client, kind: &Kind) {
    for blob in &kind.blobs {
        client.push_blob(Way::PostPut, blob).await;
    }
}

#[tokio::test]
async fn a_missing_manifest_is_unknown() {
    let client = client("manifests-missing").await;
    let digest = Digest::sha256(b"no such manifest");
    for reference in ["no-such-tag", digest.as_str()] {
        let response = client
            .get_manifest(Method::GET, &format!("manifests/{reference}"))
            .await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let code = error_code(response).await;
        assert!(
            code == "NAME_UNKNOWN" || code == "MANIFEST_UNKNOWN",
            "{code}"
        );
    }
    pushed(&client, &{
        let mut kind = Kind::new("manifests-missing", Algorithm::Sha256);
        kind.blob(10);
        kind
    })
    .await;
    let response = client
        .get_manifest(Method::GET, &format!("manifests/{digest}"))
        .await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_manifest_of_another_digest_is_refused() {
    let client = client("manifests-wrong").await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let mut kind = Kind::new("manifests-wrong", algorithm);
        let digest = kind.image("amd64", 1, &json!({}), &[]);
        pushed(&client, &kind).await;
        let mut bytes = kind.manifests[0].bytes.clone();
        bytes.extend_from_slice(b"  ");
        for reference in [digest.as_str(), "sha256:baddigeststring"] {
            let response = client
                .put_bytes(
                    &format!("manifests/{reference}"),
                    OCI_MANIFEST,
                    bytes.clone(),
                )
                .await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{reference}");
            assert_eq!(error_code(response).await, "DIGEST_INVALID");
        }
        assert_eq!(
            client.head(&format!("manifests/{digest}")).await,
            StatusCode::NOT_FOUND
        );
    }
    let response = client
        .get_manifest(Method::GET, "manifests/sha256:baddigeststring")
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_manifest_that_names_a_missing_blob_is_refused() {
    let client = client("manifests-blobs").await;
    let mut kind = Kind::new("manifests-blobs", Algorithm::Sha256);
    kind.image("amd64", 2, &json!({}), &["latest"]);
    for missing in 0..kind.blobs.len() {
        for (index, blob) in kind.blobs.iter().enumerate() {
            if index != missing {
                client.push_blob(Way::PostPut, blob).await;
            }
        }
        let response = client.put_manifest("latest", &[], &kind.manifests[0]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_code(response).await, "MANIFEST_BLOB_UNKNOWN");
        for (index, blob) in kind.blobs.iter().enumerate() {
            if index != missing {
                client
                    .send(Method::DELETE, &format!("blobs/{}", blob.digest))
                    .await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let client = client("manifests-bad").await;
    let deep = "[".repeat(100_000);
    for (media_type, body) in [
        (OCI_MANIFEST, String::new()),
        (OCI_MANIFEST, "not json".to_owned()),
        (OCI_MANIFEST, "[]".to_owned()),
        (OCI_MANIFEST, deep),
        (OCI_MANIFEST, json!({"schemaVersion": 1}).to_string()),
        (
            OCI_MANIFEST,
            json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).to_string(),
        ),
        (
            OCI_INDEX,
            json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": "none"}).to_string(),
        ),
        (
            DOCKER_SCHEMA1_SIGNED,
            json!({"schemaVersion": 1, "name": "a"}).to_string(),
        ),
    ] {
        let response = client
            .put_bytes("manifests/bad", media_type, body.clone().into_bytes())
            .await;
        let status = response.status();
        assert!(
            status == StatusCode::BAD_REQUEST || status == StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{status} for {media_type} {}",
            body.chars().take(40).collect::<String>()
        );
        let code = error_code(response).await;
        assert!(
            code == "MANIFEST_INVALID" || code == "UNSUPPORTED",
            "{code}"
        );
    }
    let response = client
        .put_bytes("manifests/-bad", OCI_MANIFEST, b"{}".to_vec())
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(client.head("manifests/bad").await, StatusCode::NOT_FOUND);
}

/// A manifest of exactly `size` bytes.
fn padded(kind: &mut Kind, size: usize) -> ManifestCase {
    kind.image("amd64", 1, &json!({"annotations": {"padding": ""}}), &[]);
    let mut case = kind.manifests.pop().unwrap();
    let missing = size - case.bytes.len();
    let mut document: Value = serde_json::from_slice(&case.bytes).unwrap();
    document["annotations"]["padding"] = Value::from("x".repeat(missing));
    case.bytes = serde_json::to_vec_pretty(&document).unwrap();
    assert_eq!(case.bytes.len(), size);
    case.digest = Digest::sha256(&case.bytes);
    case
}

#[tokio::test]
async fn a_manifest_may_be_four_mebibytes_and_not_a_byte_more() {
    let client = client("manifests-large").await;
    let mut kind = Kind::new("manifests-large", Algorithm::Sha256);
    let largest = padded(&mut kind, MAX_MANIFEST_BYTES);
    let too_large = padded(&mut kind, MAX_MANIFEST_BYTES + 1);
    pushed(&client, &kind).await;
    client.push_manifest("largest", &[], &largest).await;
    client.check_manifest("largest", &largest).await;
    let response = client.put_manifest("too-large", &[], &too_large).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(error_code(response).await, "SIZE_INVALID");
    assert_eq!(
        client.head("manifests/too-large").await,
        StatusCode::NOT_FOUND
    );
    // Without a length it is found out while reading.
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(
        too_large.bytes.clone(),
    )]));
    let request = client
        .request(Method::PUT, "manifests/too-large")
        .header(CONTENT_TYPE, OCI_MANIFEST);
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn ten_thousand_layers_fit() {
    let client = client("manifests-layers").await;
    let mut kind = Kind::new("manifests-layers", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    pushed(&client, &kind).await;
    let mut document: Value = serde_json::from_slice(&kind.manifests[0].bytes).unwrap();
    let layer = document["layers"][0].clone();
    document["layers"] = Value::from(vec![layer; 10_000]);
    let bytes = serde_json::to_vec(&document).unwrap();
    assert!(bytes.len() < MAX_MANIFEST_BYTES);
    let response = client
        .put_bytes("manifests/layers", OCI_MANIFEST, bytes.clone())
        .await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let response = client.get_manifest(Method::GET, "manifests/layers").await;
    assert_eq!(response.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_client_of_schema_2_alone_gets_linux_amd64_of_a_list() {
    let client = client("manifests-schema2").await;
    let mut kind = Kind::new("manifests-schema2", Algorithm::Sha256);
    let arm = kind.docker_image("arm64", &[]);
    let amd = kind.docker_image("amd64", &[]);
    let list = kind.docker_list(&[(&arm, "arm64"), (&amd, "amd64")], &[]);
    pushed(&client, &kind).await;
    for manifest in &kind.manifests {
        client
            .push_manifest(manifest.digest.as_str(), &[], manifest)
            .await;
    }
    client.push_manifest("both", &[], &kind.manifests[2]).await;
    let ask = |reference: &str, accept: &str| {
        client
            .request(Method::GET, &format!("manifests/{reference}"))
            .header(ACCEPT, accept)
            .send()
    };
    let old = ask("both", DOCKER_MANIFEST).await.unwrap();
    assert_eq!(old.headers()["docker-content-digest"], amd.as_str());
    assert_eq!(old.headers()[CONTENT_TYPE], DOCKER_MANIFEST);
    assert_eq!(old.bytes().await.unwrap(), kind.manifests[1].bytes);
    for accept in [
        "*/*",
        DOCKER_MANIFEST_LIST,
        &format!("{DOCKER_MANIFEST}, {DOCKER_MANIFEST_LIST}"),
    ] {
        let response = ask("both", accept).await.unwrap();
        assert_eq!(
            response.headers()["docker-content-digest"],
            list.as_str(),
            "{accept}"
        );
    }
    // By digest one gets what one names.
    let response = ask(list.as_str(), DOCKER_MANIFEST).await.unwrap();
    assert_eq!(response.headers()["docker-content-digest"], list.as_str());
}

#[tokio::test]
async fn a_manifest_that_the_client_has_is_not_sent_again() {
    let client = client("manifests-etag").await;
    let mut kind = Kind::new("manifests-etag", Algorithm::Sha256);
    kind.image("amd64", 1, &json!({}), &[]);
    pushed(&client, &kind).await;
    let digest = kind.manifests[0].digest.clone();
    client
        .push_manifest("latest", &[], &kind.manifests[0])
        .await;
    for tag in [format!("\"{digest}\""), digest.to_string()] {
        let request = client
            .request(Method::GET, "manifests/latest")
            .header(IF_NONE_MATCH, tag);
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
    }
    let request = client
        .request(Method::GET, "manifests/latest")
        .header(IF_NONE_MATCH, "\"sha256:other\"");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn unknown_media_types_are_kept_bit_for_bit() {
    let client = client("manifests-unknown").await;
    let mut kind = Kind::new("manifests-unknown", Algorithm::Sha256);
    let layer = kind.blob(100);
    let config = Blob::of(Algorithm::Sha256, "not even json");
    kind.blobs.push(config.clone());
    let document = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.acme.rocket.config.v1+json", "digest": config.digest, "size": config.bytes.len()},
        "layers": [{"mediaType": "application/x-odd; charset=klingon", "digest": layer.digest, "size": layer.bytes.len()}],
    });
    kind.manifest(
        OCI_MANIFEST,
        document,
        &json!({"z": 1, "a": [1.0, 1e3], "ü": "\u{1F680}"}),
        &["odd"],
    );
    pushed(&client, &kind).await;
    client.push_manifest("odd", &[], &kind.manifests[0]).await;
    client.check_manifest("odd", &kind.manifests[0]).await;
}
