//! Blobs of a repository: headers, content, parts of it, deletion.
//! OCI distribution-spec 1.1 § Pulling blobs, § Deleting Blobs; ranges after RFC 9110 §14.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use seawall_content::Blob;
use seawall_oci::{ByteRange, Digest, RepositoryName, parse_byte_range};
use seawall_storage::{BlobBody, Delivery};

use crate::call::Call;
use crate::conditional::already_has;
use crate::error::{ApiError, ErrorCode};
use crate::headers::{CONTENT_DIGEST, entity_tag, value};

/// `HEAD`: that the blob is there, and how long it is. The answer keeps the blob for a while, since the client
/// is going to rely on it.
pub(crate) async fn head(
    call: &Call<'_>,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<Response, ApiError> {
    let blob = call
        .registry()
        .head_blob(call.permit(), repository, digest)
        .await?;
    if already_has(call.headers(), digest.as_str()) {
        return Ok(not_modified(digest));
    }
    let mut response = Response::new(Body::empty());
    describe(response.headers_mut(), digest);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(blob.size));
    Ok(response)
}

/// `GET`: the content, or the part of it that is asked for.
pub(crate) async fn get(
    call: &Call<'_>,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<Response, ApiError> {
    let blob = call
        .registry()
        .get_blob(call.permit(), repository, digest)
        .await?;
    if already_has(call.headers(), digest.as_str()) {
        return Ok(not_modified(digest));
    }
    let part = match requested_range(call.headers(), &blob) {
        Ok(part) => part,
        Err(error) => return Ok(not_satisfiable(error, blob.size)),
    };
    let range = part.unwrap_or(ByteRange::whole(blob.size));
    let body = call
        .content()
        .open(&blob, range, Delivery::Anywhere)
        .await?;
    let mut response = match body {
        BlobBody::File(file) => {
            let end = file.range.start + file.range.length;
            let bytes = file.range.start..end;
            let extensions = &call.parts.extensions;
            Response::new(seawall_http::file_body(file.file, bytes, extensions))
        }
        BlobBody::Stream { stream, .. } => Response::new(Body::from_stream(stream)),
        BlobBody::Redirect(url) => return redirect(&url, digest),
    };
    let headers = response.headers_mut();
    describe(headers, digest);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.length));
    if part.is_some() {
        headers.insert(CONTENT_RANGE, value(&range.content_range(blob.size)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// `DELETE`: the blob leaves the repository; its bytes go when nothing needs them any more.
pub(crate) async fn delete(
    call: &Call<'_>,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<Response, ApiError> {
    call.registry()
        .delete_blob(call.permit(), repository, digest)
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// The part that is asked for; `None` for the whole. A range that depends on another entity is none.
fn requested_range(headers: &HeaderMap, blob: &Blob) -> Result<Option<ByteRange>, ApiError> {
    let Some(range) = headers.get(RANGE).and_then(|range| range.to_str().ok()) else {
        return Ok(None);
    };
    let depends = headers
        .get(IF_RANGE)
        .map(|tag| tag.to_str().unwrap_or_default());
    if depends.is_some_and(|tag| tag.trim_matches('"') != blob.digest.as_str()) {
        return Ok(None);
    }
    parse_byte_range(range, blob.size).map_err(|error| {
        ApiError::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            ErrorCode::SizeInvalid,
            error.to_string(),
        )
    })
}

fn not_satisfiable(error: ApiError, size: u64) -> Response {
    let mut response = axum::response::IntoResponse::into_response(error);
    let headers = response.headers_mut();
    headers.insert(CONTENT_RANGE, value(&format!("bytes */{size}")));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// 307 to the object store. The URL is good for a while and holds a signature: caches keep their hands off.
fn redirect(url: &str, digest: &Digest) -> Result<Response, ApiError> {
    let Ok(location) = HeaderValue::try_from(url) else {
        tracing::error!("the storage gave a URL that is no header value");
        return Err(ApiError::internal());
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CONTENT_DIGEST, value(digest.as_str()));
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

/// 304: the client has it.
pub(crate) fn not_modified(digest: &Digest) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(ETAG, entity_tag(digest));
    headers.insert(CONTENT_DIGEST, value(digest.as_str()));
    response
}

fn describe(headers: &mut HeaderMap, digest: &Digest) {
    headers.insert(CONTENT_DIGEST, value(digest.as_str()));
    headers.insert(ETAG, entity_tag(digest));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    // Content under a digest never changes.
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=31536000"),
    );
}
