//! Manifests: pulled, pushed, deleted, by tag or by digest.
//! OCI distribution-spec 1.1 § Pulling manifests, § Pushing Manifests, § Deleting Manifests.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use seawall_oci::media_type::{
    DOCKER_MANIFEST_LIST, DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, essence,
};
use seawall_oci::{MAX_MANIFEST_BYTES, Reference, RepositoryName, Tag};
use seawall_registry::{StoredManifest, default_platform, needs_schema2};

use crate::blobs::not_modified;
use crate::call::Call;
use crate::conditional::already_has;
use crate::error::{ApiError, ErrorCode};
use crate::headers::{CONTENT_DIGEST, SUBJECT, TAG, entity_tag, value};
use crate::query;

/// The most tags of one push.
const MAX_TAG_PARAMETERS: usize = 100;

/// `GET` and `HEAD`. Only a `GET` is a pull.
pub(crate) async fn get(
    call: &Call<'_>,
    repository: &RepositoryName,
    reference: &Reference,
    head: bool,
) -> Result<Response, ApiError> {
    let registry = call.registry();
    let permit = call.permit();
    let mut manifest = if head {
        registry.head_manifest(permit, repository, reference).await
    } else {
        registry.get_manifest(permit, repository, reference).await
    }?;
    if !head {
        registry
            .count_pull(permit, repository, reference, &manifest)
            .await?;
    }
    // As in distribution 2.x: only by tag, since a digest names what it names.
    if reference.tag().is_some()
        && is_list(&manifest)
        && needs_schema2(accepted(call.headers()))
        && let Some(platform) = default_platform(&manifest)
    {
        let reference = Reference::Digest(platform);
        manifest = registry
            .get_manifest(call.permit(), repository, &reference)
            .await?;
    }
    if already_has(call.headers(), manifest.digest.as_str()) {
        return Ok(not_modified(&manifest.digest));
    }
    Ok(found(manifest, head))
}

fn is_list(manifest: &StoredManifest) -> bool {
    &*manifest.media_type == DOCKER_MANIFEST_LIST
}

fn accepted(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(ACCEPT).iter();
    values.filter_map(|value| value.to_str().ok())
}

fn found(manifest: StoredManifest, head: bool) -> Response {
    let length = manifest.bytes.len();
    let body = if head {
        Body::empty()
    } else {
        Body::from(manifest.bytes)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, value(&manifest.media_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CONTENT_DIGEST, value(manifest.digest.as_str()));
    headers.insert(ETAG, entity_tag(&manifest.digest));
    response
}

/// `PUT`: under a tag or its digest; by digest also under the tags of `?tag=` parameters.
pub(crate) async fn put(
    call: &Call<'_>,
    repository: &RepositoryName,
    reference: &Reference,
    body: Body,
) -> Result<Response, ApiError> {
    let content_type = content_type(call.headers())?;
    let tags = tag_parameters(call)?;
    let bytes = whole(body).await?;
    let pushed = call
        .registry()
        .push_manifest(
            call.permit(),
            repository,
            reference,
            content_type,
            bytes,
            &tags,
        )
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    let digest = &pushed.digest;
    headers.insert(
        LOCATION,
        value(&format!("/v2/{repository}/manifests/{digest}")),
    );
    headers.insert(CONTENT_DIGEST, value(digest.as_str()));
    headers.extend(
        pushed
            .subject
            .map(|subject| (SUBJECT, value(subject.as_str()))),
    );
    for tag in &tags {
        headers.append(TAG, value(tag.as_str()));
    }
    Ok(response)
}

/// `DELETE`: by digest the manifest and its tags, by tag only that tag.
pub(crate) async fn delete(
    call: &Call<'_>,
    repository: &RepositoryName,
    reference: &Reference,
) -> Result<Response, ApiError> {
    call.registry()
        .delete_manifest(call.permit(), repository, reference)
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// The media type that the client gives; without one, the manifest's own field counts.
fn content_type(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return Ok(None);
    };
    let content_type = content_type
        .to_str()
        .map_err(|_| ApiError::bad_request(ErrorCode::ManifestInvalid, "malformed Content-Type"))?;
    if matches!(
        essence(content_type),
        DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED
    ) {
        return Err(ApiError::bad_request(
            ErrorCode::ManifestInvalid,
            "manifests of Docker's schema 1 are not supported: push schema 2 or OCI",
        ));
    }
    Ok(Some(content_type))
}

fn tag_parameters(call: &Call<'_>) -> Result<Vec<Tag>, ApiError> {
    let mut tags: Vec<Tag> = Vec::new();
    for text in query::all(call.query(), "tag") {
        let tag = text.parse().map_err(|error: seawall_oci::NameError| {
            ApiError::bad_request(ErrorCode::ManifestInvalid, error.to_string())
        })?;
        if tags.len() == MAX_TAG_PARAMETERS {
            let message = format!("more than {MAX_TAG_PARAMETERS} tags in one push");
            return Err(ApiError::bad_request(ErrorCode::ManifestInvalid, message));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// The whole body, when it is no larger than a manifest may be.
async fn whole(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_MANIFEST_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::SizeInvalid,
            format!("a manifest may have at most {MAX_MANIFEST_BYTES} bytes"),
        )),
        Err(error) => Err(ApiError::bad_request(
            ErrorCode::ManifestInvalid,
            format!("the body was cut off: {error}"),
        )),
    }
}
