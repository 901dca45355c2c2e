//! Blobs from another repository, without sending them again.

use reqwest::{Method, StatusCode};
use seawall_oci::{Algorithm, Digest};

use super::client::{Way, location, with_query};
use super::content::Blob;
use super::server::{client, private_client};

fn mount(digest: &Digest, from: Option<&str>) -> String {
    let path = with_query("blobs/uploads/", "mount", digest.as_str());
    match from {
        Some(from) => with_query(&path, "from", from),
        None => path,
    }
}

#[tokio::test]
async fn a_blob_is_mounted_from_a_named_repository_or_from_any() {
    let target = client("mounts-target").await;
    let source = client("mounts-source").await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        for named in [true, false] {
            let blob = Blob::seeded(algorithm, &format!("mount/{algorithm}/{named}"), 512);
            source.push_blob(Way::PostPut, &blob).await;
            let from = named.then_some(source.repository.as_str());
            let response = target.send(Method::POST, &mount(&blob.digest, from)).await;
            assert_eq!(response.status(), StatusCode::CREATED, "named: {named}");
            assert_eq!(
                response.headers()["docker-content-digest"],
                blob.digest.as_str()
            );
            let place = location(&response);
            assert!(place.contains("mounts-target"));
            assert_eq!(
                target
                    .send(Method::GET, &place)
                    .await
                    .bytes()
                    .await
                    .unwrap(),
                blob.bytes
            );
            target.check_blob(&blob).await;
            // The source may go; the target keeps its own.
            let path = format!("blobs/{}", blob.digest);
            assert_eq!(
                source.send(Method::DELETE, &path).await.status(),
                StatusCode::ACCEPTED
            );
            target.check_blob(&blob).await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_mounted_becomes_an_upload() {
    let target = client("mounts-fallback").await;
    let blob = Blob::seeded(Algorithm::Sha256, "nowhere to mount from", 512);
    for from in [
        Some("library/mounts-no-such-repository"),
        Some("No/Name/At/All"),
        Some(""),
        None,
    ] {
        let response = target.send(Method::POST, &mount(&blob.digest, from)).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED, "{from:?}");
        let done = target
            .put(
                &location(&response),
                blob.digest.as_str(),
                None,
                &blob.bytes,
            )
            .await;
        assert_eq!(done.status(), StatusCode::CREATED);
        target.check_blob(&blob).await;
        let path = format!("blobs/{}", blob.digest);
        assert_eq!(
            target.send(Method::DELETE, &path).await.status(),
            StatusCode::ACCEPTED
        );
    }
}

#[tokio::test]
async fn only_what_one_may_pull_can_be_mounted() {
    let (owner, stranger) = private_client("mounts-private").await;
    let blob = Blob::seeded(Algorithm::Sha256, "a secret", 512);
    owner.push_blob(Way::PostPut, &blob).await;
    for from in [Some(owner.repository.as_str()), None] {
        let response = stranger
            .send(Method::POST, &mount(&blob.digest, from))
            .await;
        assert_eq!(response.status(), StatusCode::ACCEPTED, "{from:?}");
        assert_eq!(
            stranger.head(&format!("blobs/{}", blob.digest)).await,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_token_that_does_not_name_the_source_is_asked_for_again() {
    let target = client("mounts-token-target").await;
    let source = client("mounts-token-source").await;
    let blob = Blob::seeded(Algorithm::Sha256, "mounted by token", 512);
    source.push_blob(Way::PostPut, &blob).await;
    let path = mount(&blob.digest, Some(&source.repository));
    let push = format!("repository:{}:pull,push", target.repository);
    let pull = format!("repository:{}:pull", source.repository);
    for (scope, status) in [
        (format!("scope={push}"), StatusCode::UNAUTHORIZED),
        (format!("scope={push}&scope={pull}"), StatusCode::CREATED),
    ] {
        let token = target.token(&scope).await;
        let request = target.anonymous().request(Method::POST, &path);
        let response = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), status, "{scope}");
    }
}

#[tokio::test]
async fn a_mount_from_anywhere_goes_no_further_than_the_token() {
    let (owner, _) = private_client("mounts-narrow").await;
    let blob = Blob::seeded(Algorithm::Sha256, "pushed for one repository", 512);
    owner.push_blob(Way::PostPut, &blob).await;
    let target = owner.at("mounts-narrow/target");
    let path = mount(&blob.digest, None);
    let push = format!("scope=repository:{}:pull,push", target.repository);
    // The owner may pull the source, but this token may not.
    for (more, status) in [
        (String::new(), StatusCode::ACCEPTED),
        (
            format!("&scope=repository:{}:pull", owner.repository),
            StatusCode::CREATED,
        ),
    ] {
        let token = target.token(&format!("{push}{more}")).await;
        let request = target.anonymous().request(Method::POST, &path);
        let response = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), status, "{push}{more}");
    }
    // What everybody may pull, a token need not name.
    let public = client("mounts-public").await;
    let blob = Blob::seeded(Algorithm::Sha256, "for everybody", 512);
    public.push_blob(Way::PostPut, &blob).await;
    let token = target.token(&push).await;
    let request = target
        .anonymous()
        .request(Method::POST, &mount(&blob.digest, None));
    let response = request.bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
}
