//! Each kind of data, through its whole life: pushed, listed, read, found as a referrer, deleted.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use seawall_oci::{Algorithm, Digest};
use serde_json::{Value, json};

use super::client::{Client, WAYS, error_code};
use super::content::{EXAMPLE_TYPE, Kind, OTHER_TYPE};
use super::server::{client, client_with};

/// Runs a kind through its life. `by_parameter` pushes the tags as parameters of the push by digest.
async fn live(client: &Client, kind: &Kind, by_parameter: bool) {
    for (index, blob) in kind.blobs.iter().enumerate() {
        client.push_blob(WAYS[index % WAYS.len()], blob).await;
        client.check_blob(blob).await;
    }
    for manifest in &kind.manifests {
        let tags: &[String] = if by_parameter { &manifest.tags } else { &[] };
        let headers = client
            .push_manifest(manifest.digest.as_str(), tags, manifest)
            .await;
        if by_parameter {
            let made: BTreeSet<_> = headers
                .get_all("oci-tag")
                .iter()
                .flat_map(|value| value.to_str().unwrap().split(','))
                .map(|tag| tag.trim().to_owned())
                .collect();
            assert_eq!(made, tags.iter().cloned().collect());
        } else {
            for tag in &manifest.tags {
                client.push_manifest(tag, &[], manifest).await;
            }
        }
    }
    let (listed, _) = client.tags("").await;
    for manifest in &kind.manifests {
        client
            .check_manifest(manifest.digest.as_str(), manifest)
            .await;
        for tag in &manifest.tags {
            client.check_manifest(tag, manifest).await;
            assert!(listed.contains(tag), "{tag} is not among {listed:?}");
        }
    }
    check_referrers(client, kind).await;
    for manifest in kind.manifests.iter().rev() {
        for tag in &manifest.tags {
            let path = format!("manifests/{tag}");
            assert_eq!(
                client.send(Method::DELETE, &path).await.status(),
                StatusCode::ACCEPTED,
                "{tag}"
            );
            assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
        }
    }
    for manifest in kind.manifests.iter().rev() {
        let path = format!("manifests/{}", manifest.digest);
        // What an index or a subject took along is gone already.
        let status = client.send(Method::DELETE, &path).await.status();
        assert!(
            status == StatusCode::ACCEPTED || status == StatusCode::NOT_FOUND,
            "{status}"
        );
        assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
    }
    for blob in &kind.blobs {
        let path = format!("blobs/{}", blob.digest);
        assert_eq!(
            client.send(Method::DELETE, &path).await.status(),
            StatusCode::ACCEPTED
        );
        assert_eq!(client.head(&path).await, StatusCode::NOT_FOUND);
    }
}

async fn check_referrers(client: &Client, kind: &Kind) {
    let subjects: BTreeSet<&Digest> = kind
        .manifests
        .iter()
        .filter_map(|manifest| manifest.subject.as_ref())
        .collect();
    for subject in subjects {
        let of_subject: Vec<_> = kind
            .manifests
            .iter()
            .filter(|case| case.subject.as_ref() == Some(subject))
            .collect();
        let (all, filters) = client.referrers(subject, "").await;
        assert_eq!((all.len(), filters), (of_subject.len(), None));
        for case in &of_subject {
            let found = all
                .iter()
                .find(|entry| entry["digest"] == case.digest.as_str())
                .unwrap();
            assert_eq!(found["mediaType"], case.media_type);
            assert_eq!(found["size"], case.bytes.len());
            assert_eq!(
                found["artifactType"].as_str().unwrap_or_default(),
                case.artifact_type
            );
            for (key, value) in case.annotations.as_object().into_iter().flatten() {
                assert_eq!(&found["annotations"][key], value);
            }
        }
        for artifact_type in of_subject.iter().map(|case| &case.artifact_type) {
            let query = format!("?artifactType={}", artifact_type.replace('+', "%2B"));
            let (some, filters) = client.referrers(subject, &query).await;
            assert_eq!(filters.as_deref(), Some("artifactType"));
            let expected = of_subject
                .iter()
                .filter(|case| &case.artifact_type == artifact_type)
                .count();
            assert_eq!(some.len(), expected, "{artifact_type}");
            assert!(
                some.iter()
                    .all(|entry| entry["artifactType"] == artifact_type.as_str())
            );
        }
        let (none, _) = client
            .referrers(subject, "?artifactType=application/x-none")
            .await;
        assert_eq!(none, Vec::<Value>::new());
    }
}

fn conformance_note(note: &str) -> Value {
    json!({"annotations": {"org.example.note": note}})
}

fn with_subject(mut extra: Value, subject: &Value) -> Value {
    extra["subject"] = subject.clone();
    extra
}

macro_rules! kinds {
    ($($name:ident($algorithm:ident, $by_parameter:literal) $build:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let repository = concat!("kinds-", stringify!($name)).replace('_', "-");
            let mut kind = Kind::new(&repository, Algorithm::$algorithm);
            let build: fn(&mut Kind) = $build;
            build(&mut kind);
            live(&client(&repository).await, &kind, $by_parameter).await;
        }
    )*};
}

fn two_platforms(kind: &mut Kind, extra: &Value, tags: &[&str]) -> Digest {
    let amd = kind.image("amd64", 2, &json!({}), &[]);
    let arm = kind.image("arm64", 2, &json!({}), &[]);
    kind.index(&[(&amd, "amd64"), (&arm, "arm64")], extra, tags)
}

fn artifacts_with_subject(kind: &mut Kind) {
    let image = kind.image("amd64", 1, &json!({}), &["image"]);
    let subject = kind.descriptor_of(&image);
    kind.image("amd64", 1, &with_subject(json!({}), &subject), &[]);
    kind.artifact(
        EXAMPLE_TYPE,
        &with_subject(conformance_note("one"), &subject),
        &["one"],
    );
    kind.artifact(
        EXAMPLE_TYPE,
        &with_subject(conformance_note("two"), &subject),
        &[],
    );
    kind.artifact(
        OTHER_TYPE,
        &with_subject(conformance_note("three"), &subject),
        &["three"],
    );
}

kinds! {
    image(Sha256, false) |kind| { kind.image("amd64", 4, &json!({}), &["image"]); };
    docker_image(Sha256, false) |kind| { kind.docker_image("amd64", &["docker"]); };
    docker_list(Sha256, false) |kind| {
        let amd = kind.docker_image("amd64", &[]);
        let arm = kind.docker_image("arm64", &["arm"]);
        kind.docker_list(&[(&amd, "amd64"), (&arm, "arm64")], &["list"]);
    };
    index(Sha256, false) |kind| { two_platforms(kind, &json!({}), &["index"]); };
    nested_index(Sha256, false) |kind| {
        let first = two_platforms(kind, &conformance_note("first"), &[]);
        let second = two_platforms(kind, &conformance_note("second"), &[]);
        kind.index(&[(&first, ""), (&second, "")], &json!({}), &["nested"]);
    };
    empty_index(Sha256, false) |kind| { kind.index(&[], &json!({}), &["empty"]); };
    sparse_index(Sha256, false) |kind| {
        let amd = kind.image("amd64", 1, &json!({}), &[]);
        let nowhere = Digest::sha256(b"a manifest that nobody pushed");
        kind.index(&[(&amd, "amd64"), (&nowhere, "arm64")], &json!({}), &["sparse"]);
    };
    artifact(Sha256, false) |kind| { kind.artifact(EXAMPLE_TYPE, &json!({}), &["artifact"]); };
    artifact_index(Sha256, false) |kind| {
        let first = kind.artifact(EXAMPLE_TYPE, &json!({}), &[]);
        let second = kind.artifact(EXAMPLE_TYPE, &json!({}), &[]);
        kind.index(&[(&first, "amd64"), (&second, "arm64")], &json!({"artifactType": EXAMPLE_TYPE}), &["artifacts"]);
    };
    artifact_without_content(Sha256, false) |kind| { kind.artifact_without_content(&["bare"]); };
    artifacts_of_a_subject(Sha256, false) artifacts_with_subject;
    artifacts_of_a_subject_sha512(Sha512, true) artifacts_with_subject;
    index_of_a_subject(Sha256, false) |kind| {
        let index = two_platforms(kind, &json!({}), &["index"]);
        let subject = kind.descriptor_of(&index);
        let child = kind.artifact(EXAMPLE_TYPE, &json!({}), &[]);
        let extra = with_subject(conformance_note("index"), &subject);
        let extra = { let mut extra = extra; extra["artifactType"] = EXAMPLE_TYPE.into(); extra };
        kind.index(&[(&child, "amd64")], &extra, &["signed"]);
    };
    missing_subject(Sha256, false) |kind| {
        let subject = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": Digest::sha256(b"missing subject"), "size": 123});
        kind.artifact(EXAMPLE_TYPE, &with_subject(conformance_note("orphan"), &subject), &["orphan"]);
    };
    data_field(Sha256, false) |kind| {
        let config = kind.blob(10);
        let text = String::from_utf8(config.bytes.clone()).unwrap();
        kind.image("amd64", 1, &json!({"annotations": {"of": text}}), &[]);
        let mut document: Value = serde_json::from_slice(&kind.manifests.pop().unwrap().bytes).unwrap();
        document["layers"][0]["data"] = "AAECAw==".into();
        kind.manifest("application/vnd.oci.image.manifest.v1+json", document, &json!({}), &["data"]);
    };
    nondistributable_layers(Sha256, false) |kind| { kind.nondistributable(&["foreign"]); };
    custom_fields(Sha256, false) |kind| {
        let odd = json!({"org.example.odd": {"deep": [1, {"er": null}]}, "annotations": {"": "empty key", "ü": "x"}});
        let child = kind.image("amd64", 1, &odd, &[]);
        kind.index(&[(&child, "amd64")], &odd, &["custom"]);
    };
    no_layers(Sha256, false) |kind| { kind.image("amd64", 0, &json!({}), &["no-layers"]); };
    large_manifest(Sha256, false) |kind| {
        let annotations: serde_json::Map<String, Value> =
            (0..390).map(|index| (format!("large-{index}"), "A".repeat(10_000).into())).collect();
        kind.image("amd64", 1, &json!({"annotations": annotations}), &["large"]);
    };
    sha512(Sha512, false) |kind| {
        let amd = kind.image("amd64", 1, &json!({}), &[]);
        kind.index(&[(&amd, "amd64")], &json!({}), &[]);
    };
    tag_parameters(Sha256, true) |kind| {
        let amd = kind.image("amd64", 1, &json!({}), &["child"]);
        kind.index(&[(&amd, "amd64")], &json!({}), &["parameter", "parameter-2", "parameter-3"]);
    };
    tag_parameters_sha512(Sha512, true) |kind| {
        let amd = kind.image("amd64", 1, &json!({}), &["child"]);
        kind.index(&[(&amd, "amd64")], &json!({}), &["parameter", "parameter-2"]);
    };
}

#[tokio::test]
async fn referrers_are_found_in_either_push_order() {
    let client = client("kinds-order").await;
    let mut kind = Kind::new("kinds-order", Algorithm::Sha256);
    artifacts_with_subject(&mut kind);
    for blob in &kind.blobs {
        client.push_blob(WAYS[0], blob).await;
    }
    // The subject comes last.
    for manifest in kind.manifests.iter().rev() {
        client
            .push_manifest(manifest.digest.as_str(), &[], manifest)
            .await;
    }
    check_referrers(&client, &kind).await;
}

#[tokio::test]
async fn a_subject_without_referrers_has_an_empty_list() {
    let client = client("kinds-empty-list").await;
    let digest = Digest::sha256(b"nobody refers to this");
    assert_eq!(client.referrers(&digest, "").await.0, Vec::<Value>::new());
    let response = client.send(Method::GET, "referrers/latest").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_image_without_all_its_layers_is_taken_where_the_settings_say_so() {
    let client = client_with(
        "kinds-sparse-image",
        "SEAWALL_MANIFESTS_SPARSE_IMAGES",
        "true",
    )
    .await;
    let mut kind = Kind::new("kinds-sparse-image", Algorithm::Sha256);
    kind.image("amd64", 3, &json!({}), &["sparse"]);
    let missing = kind.blobs.pop().unwrap();
    live(&client, &kind, false).await;
    assert_eq!(
        client.head(&format!("blobs/{}", missing.digest)).await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn nothing_changes_in_read_only_mode() {
    let client = client_with("kinds-read-only", "SEAWALL_READ_ONLY", "true").await;
    for (method, path) in [
        (Method::POST, "blobs/uploads/"),
        (Method::PUT, "manifests/latest"),
        (Method::DELETE, "manifests/latest"),
    ] {
        let response = client.send(method, path).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(error_code(response).await, "DENIED");
    }
    assert_eq!(
        client.send(Method::GET, "/v2/").await.status(),
        StatusCode::OK
    );
}
