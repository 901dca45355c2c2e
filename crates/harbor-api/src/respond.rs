//! Answers that are no errors: JSON, pages, streams of a whole list, creations.
//!
//! Bodies end with a newline, as Go's encoder writes them; a change or deletion answers 200 and nothing more.

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt};
use serde::Serialize;

use crate::error::ApiError;

/// The content type of JSON.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 with nothing in it.
pub fn empty() -> Response {
    StatusCode::OK.into_response()
}

/// 200 with JSON.
pub fn json(value: &impl Serialize) -> Result<Response, ApiError> {
    with_status(StatusCode::OK, value)
}

/// JSON with another status.
pub fn with_status(status: StatusCode, value: &impl Serialize) -> Result<Response, ApiError> {
    let mut body =
        serde_json::to_vec(value).map_err(|error| ApiError::internal(error.to_string()))?;
    body.push(b'\n');
    Ok((status, [(CONTENT_TYPE, JSON)], body).into_response())
}

/// 200 with text of another kind.
pub fn text(content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let content_type = HeaderValue::from_static(content_type);
    ([(CONTENT_TYPE, content_type)], Body::from(body.into())).into_response()
}

/// 200 with content of a type that is only known now. It is the client's content: nothing may run or guess at it.
pub fn content(content_type: &str, body: Vec<u8>) -> Result<Response, ApiError> {
    let content_type = HeaderValue::from_str(content_type)
        .map_err(|_| ApiError::internal("a content type that no header may hold"))?;
    let mut response = ([(CONTENT_TYPE, content_type)], body).into_response();
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}

/// 201, with where the new thing is.
pub fn created(location: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(location)
        .map_err(|_| ApiError::internal("a location that no header may hold"))?;
    Ok((StatusCode::CREATED, [(LOCATION, location)]).into_response())
}

/// A JSON array of a list that is too long to be held: each batch of values is written as it comes. A failure half-way
/// breaks the body off, so that a client cannot take it for whole.
pub fn stream<T, E>(batches: BoxStream<'static, Result<Vec<T>, E>>) -> Response
where
    T: Serialize + Send + 'static,
    E: Into<ApiError> + Send + 'static,
{
    let mut first = true;
    let items = batches.map(move |batch| {
        let batch = batch.map_err(|error| {
            let error: ApiError = error.into();
            let told = error.detail().unwrap_or(error.message()).to_owned();
            tracing::error!(error = %told, "a list broke off");
            std::io::Error::other(told)
        })?;
        let mut chunk = BytesMut::new();
        for item in &batch {
            chunk.put_u8(if first { b'[' } else { b',' });
            first = false;
            serde_json::to_writer((&mut chunk).writer(), item)?;
        }
        if first {
            // Nothing came yet; the bracket opens with the first item or with the end.
            return Ok(Bytes::new());
        }
        Ok(chunk.freeze())
    });
    let body = Body::from_stream(close(items.boxed()));
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

/// Adds the end of the array, and its beginning when nothing came.
fn close(
    items: BoxStream<'static, std::io::Result<Bytes>>,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    futures_util::stream::unfold(
        (items, false, false),
        |(mut items, any, ended)| async move {
            if ended {
                return None;
            }
            match items.next().await {
                Some(Ok(chunk)) => {
                    let any = any || !chunk.is_empty();
                    Some((Ok(chunk), (items, any, false)))
                }
                Some(Err(error)) => Some((Err(error), (items, any, true))),
                None => {
                    let end = if any { "]\n" } else { "[]\n" };
                    Some((Ok(Bytes::from_static(end.as_bytes())), (items, any, true)))
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(batches: Vec<Result<Vec<i64>, ApiError>>) -> Result<String, axum::Error> {
        let response = stream(futures_util::stream::iter(batches).boxed());
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn batches_make_one_array() {
        assert_eq!(body(vec![]).await.unwrap(), "[]\n");
        assert_eq!(body(vec![Ok(vec![])]).await.unwrap(), "[]\n");
        let batches = vec![Ok(vec![]), Ok(vec![1, 2]), Ok(vec![]), Ok(vec![3])];
        assert_eq!(body(batches).await.unwrap(), "[1,2,3]\n");
    }

    #[tokio::test]
    async fn a_failure_breaks_the_body_off() {
        let batches = vec![
            Ok(vec![1]),
            Err(ApiError::internal("the database went away")),
        ];
        assert!(body(batches).await.is_err());
    }

    #[tokio::test]
    async fn a_creation_says_where() {
        let response = created("/api/v2.0/projects/7").unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[LOCATION], "/api/v2.0/projects/7");
        assert!(created("a\nb").is_err());
    }
}
