//! Answers in JSON.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

/// 200 with this value as `application/json`.
pub(crate) fn json(value: &impl Serialize) -> Response {
    json_as(value, "application/json")
}

/// 200 with this value under a media type of its own.
pub(crate) fn json_as(value: &impl Serialize, media_type: &'static str) -> Response {
    // Plain structures of text and numbers always serialise.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
