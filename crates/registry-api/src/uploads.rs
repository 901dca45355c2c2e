//! Uploads: begun, continued, looked at, cancelled, finished; whole blobs in one request; mounts.
//! OCI distribution-spec 1.1 § Pushing blobs. How bytes are kept: `seawall-content`.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use seawall_content::{Chunk, ContentError, UploadId};
use seawall_oci::{Algorithm, ChunkRange, Digest, RepositoryName};
use serde_json::json;

use crate::call::Call;
use crate::error::{ApiError, ErrorCode};
use crate::headers::{CONTENT_DIGEST, UPLOAD_UUID, value};
use crate::{mounts, query};

/// `POST /v2/<name>/blobs/uploads/`: a mount, a whole blob, or the beginning of an upload.
pub(crate) async fn start(
    call: &Call<'_>,
    repository: &RepositoryName,
    body: Body,
) -> Result<Response, ApiError> {
    if let Some(digest) = query::first(call.query(), "mount")
        && let Ok(digest) = digest.parse::<Digest>()
    {
        let from = query::first(call.query(), "from").filter(|from| !from.is_empty());
        if mounts::mount(call, repository, from.as_deref(), &digest).await? {
            return Ok(created(repository, &digest));
        }
        // What cannot be mounted is uploaded: the specification's way to say no.
    } else if query::first(call.query(), "digest").is_some() {
        let digest = digest_parameter(call)?;
        let chunk = chunk(call.headers(), body)?;
        let link = call.registry().link_blob(call.permit(), repository).await?;
        let content = call.content();
        content.push(&digest, chunk, link).await?;
        return Ok(created(repository, &digest));
    }
    let algorithm = match query::first(call.query(), "digest-algorithm") {
        Some(name) => name.parse().map_err(|error: seawall_oci::DigestError| {
            ApiError::bad_request(ErrorCode::DigestInvalid, error.to_string())
        })?,
        None => Algorithm::Sha256,
    };
    let scope = repository.as_str();
    let upload = call.content().start_upload(scope, algorithm).await?;
    Ok(progress(StatusCode::ACCEPTED, repository, upload, 0))
}

/// `GET …/uploads/<id>`: how far it has come.
pub(crate) async fn status(
    call: &Call<'_>,
    repository: &RepositoryName,
    upload: UploadId,
) -> Result<Response, ApiError> {
    let at = call.content().status(upload, repository.as_str()).await?;
    Ok(progress(
        StatusCode::NO_CONTENT,
        repository,
        upload,
        at.offset,
    ))
}

/// `PATCH …/uploads/<id>`: the next chunk.
pub(crate) async fn append(
    call: &Call<'_>,
    repository: &RepositoryName,
    upload: UploadId,
    body: Body,
) -> Result<Response, ApiError> {
    let chunk = chunk(call.headers(), body)?;
    match call
        .content()
        .append(upload, repository.as_str(), chunk)
        .await
    {
        Ok(at) => Ok(progress(
            StatusCode::ACCEPTED,
            repository,
            upload,
            at.offset,
        )),
        Err(error) => out_of_order(error, repository, upload),
    }
}

/// `PUT …/uploads/<id>?digest=…`: the last chunk, which may be empty, and the digest of it all.
pub(crate) async fn finish(
    call: &Call<'_>,
    repository: &RepositoryName,
    upload: UploadId,
    body: Body,
) -> Result<Response, ApiError> {
    let digest = digest_parameter(call)?;
    let chunk = chunk(call.headers(), body)?;
    let link = call.registry().link_blob(call.permit(), repository).await?;
    let scope = repository.as_str();
    match call
        .content()
        .finish(upload, scope, &digest, chunk, link)
        .await
    {
        Ok(blob) => Ok(created(repository, &blob.digest)),
        Err(error) => out_of_order(error, repository, upload),
    }
}

/// `DELETE …/uploads/<id>`: given up.
pub(crate) async fn cancel(
    call: &Call<'_>,
    repository: &RepositoryName,
    upload: UploadId,
) -> Result<Response, ApiError> {
    call.content().cancel(upload, repository.as_str()).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn digest_parameter(call: &Call<'_>) -> Result<Digest, ApiError> {
    let text = query::first(call.query(), "digest").ok_or_else(|| {
        ApiError::bad_request(ErrorCode::DigestInvalid, "parameter digest is missing")
    })?;
    text.parse().map_err(|error: seawall_oci::DigestError| {
        ApiError::bad_request(ErrorCode::DigestInvalid, error.to_string())
            .with_detail(json!({ "digest": text }))
    })
}

/// The chunk that a request brings, with what its headers say of it, when they do not contradict each other.
fn chunk(headers: &HeaderMap, body: Body) -> Result<Chunk, ApiError> {
    let length = match headers.get(CONTENT_LENGTH) {
        None => None,
        Some(length) => Some(
            length
                .to_str()
                .ok()
                .and_then(|length| length.parse::<u64>().ok())
                .ok_or_else(|| {
                    ApiError::bad_request(ErrorCode::SizeInvalid, "malformed Content-Length")
                })?,
        ),
    };
    let range = match headers.get(CONTENT_RANGE) {
        None => None,
        Some(range) => Some(
            ChunkRange::parse(range.to_str().unwrap_or_default()).map_err(|error| {
                ApiError::bad_request(ErrorCode::BlobUploadInvalid, error.to_string())
            })?,
        ),
    };
    if let (Some(length), Some(range)) = (length, range)
        && range.length() != length
    {
        let message = format!(
            "Content-Range spans {} bytes, Content-Length says {length}",
            range.length()
        );
        return Err(ApiError::bad_request(ErrorCode::SizeInvalid, message));
    }
    Ok(Chunk::new(range, length, body.into_data_stream()))
}

/// The answer that tells where an upload stands. `Range` counts from zero and names the last byte, so that
/// nothing and one byte look alike: the specification's choice.
fn progress(
    status: StatusCode,
    repository: &RepositoryName,
    upload: UploadId,
    offset: u64,
) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    set_progress(response.headers_mut(), repository, upload, offset);
    response
}

fn set_progress(
    headers: &mut HeaderMap,
    repository: &RepositoryName,
    upload: UploadId,
    offset: u64,
) {
    let id = upload.to_string();
    let location = format!("/v2/{repository}/blobs/uploads/{id}");
    headers.insert(LOCATION, value(&location));
    headers.insert(RANGE, value(&format!("0-{}", offset.saturating_sub(1))));
    headers.insert(UPLOAD_UUID, value(&id));
}

/// 416 with where the upload stands; any other error as it is.
fn out_of_order(
    error: ContentError,
    repository: &RepositoryName,
    upload: UploadId,
) -> Result<Response, ApiError> {
    let ContentError::OutOfOrder { offset } = error else {
        return Err(error.into());
    };
    let mut response = axum::response::IntoResponse::into_response(ApiError::from(error));
    set_progress(response.headers_mut(), repository, upload, offset);
    Ok(response)
}

/// 201 with where the blob is.
pub(crate) fn created(repository: &RepositoryName, digest: &Digest) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(LOCATION, value(&format!("/v2/{repository}/blobs/{digest}")));
    headers.insert(CONTENT_DIGEST, value(digest.as_str()));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk_of(length: Option<&str>, range: Option<&str>) -> Result<Chunk, ApiError> {
        let mut headers = HeaderMap::new();
        let text = |text: &str| text.parse().unwrap();
        headers.extend(length.map(|length| (CONTENT_LENGTH, text(length))));
        headers.extend(range.map(|range| (CONTENT_RANGE, text(range))));
        chunk(&headers, Body::empty())
    }

    fn refused(length: Option<&str>, range: Option<&str>) -> (u16, ErrorCode) {
        let error = chunk_of(length, range).err().unwrap();
        (error.status.as_u16(), error.code)
    }

    #[test]
    fn what_the_headers_say_of_a_chunk_is_kept() {
        let chunk = chunk_of(Some("10"), Some("20-29")).unwrap();
        assert_eq!(chunk.length, Some(10));
        assert_eq!(chunk.range, Some(ChunkRange { start: 20, end: 29 }));
        let chunk = chunk_of(None, None).unwrap();
        assert_eq!((chunk.length, chunk.range), (None, None));
    }

    #[test]
    fn headers_that_contradict_each_other_are_refused() {
        let size = (400, ErrorCode::SizeInvalid);
        assert_eq!(refused(Some("10"), Some("0-8")), size);
        assert_eq!(refused(Some("0"), Some("0-0")), size);
        assert_eq!(refused(Some("-1"), None), size);
        let range = (400, ErrorCode::BlobUploadInvalid);
        assert_eq!(refused(Some("10"), Some("9-0")), range);
        assert_eq!(refused(None, Some("bytes")), range);
    }

    #[test]
    fn progress_counts_from_zero_and_names_the_last_byte() {
        let repository: RepositoryName = "a/b".parse().unwrap();
        let upload = UploadId::random();
        for (offset, range) in [(0, "0-0"), (1, "0-0"), (1024, "0-1023")] {
            let response = progress(StatusCode::ACCEPTED, &repository, upload, offset);
            let headers = response.headers();
            assert_eq!(headers[RANGE], range);
            assert_eq!(headers[UPLOAD_UUID], upload.to_string());
            assert_eq!(headers[LOCATION], format!("/v2/a/b/blobs/uploads/{upload}"));
        }
    }
}
