//! The errors of the distribution specification, as clients see them:
//! `{"errors":[{"code","message","detail"}]}`.
//!
//! The one place of this surface where a failure becomes a status; how the rooms below map to it
//! stands in `failure.rs`. Source: OCI distribution-spec 1.1 § Error Codes.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::operation::Mismatch;

/// A code of the specification, and what else the registry says in its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The blob is not in the repository.
    BlobUnknown,
    /// The upload cannot go on.
    BlobUploadInvalid,
    /// No such upload.
    BlobUploadUnknown,
    /// The digest is malformed, or is not the content's.
    DigestInvalid,
    /// The manifest names a blob that the repository lacks.
    ManifestBlobUnknown,
    /// The manifest is malformed.
    ManifestInvalid,
    /// No such manifest.
    ManifestUnknown,
    /// The repository's name is out of grammar.
    NameInvalid,
    /// No such repository.
    NameUnknown,
    /// The length is not what was announced, or too large.
    SizeInvalid,
    /// Who asks is not known.
    Unauthorized,
    /// Who asks may not.
    Denied,
    /// The operation is not supported.
    Unsupported,
    /// Too many requests.
    #[serde(rename = "TOOMANYREQUESTS")]
    TooManyRequests,
    /// Not a code of the specification: the registry cannot answer now, and says when to ask again.
    Unavailable,
    /// Not a code of the specification: the registry failed; the log has the reason.
    Unknown,
}

/// A refusal or a failure, ready to be answered.
#[derive(Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code in the body.
    pub code: ErrorCode,
    /// What a person reads.
    pub message: String,
    /// What a program may read: the digest, the range, …
    pub detail: Option<Value>,
    challenge: Option<String>,
    retry_after_seconds: Option<u32>,
    allow: Option<&'static str>,
    /// Whether the project's quota was the reason, which others want to hear of.
    pub(crate) quota_exceeded: bool,
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: ErrorCode,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a Value>,
}

impl ApiError {
    /// An error with this status, code and message.
    pub fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
            challenge: None,
            retry_after_seconds: None,
            allow: None,
            quota_exceeded: false,
        }
    }

    /// 400 with this code.
    pub fn bad_request(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 404 with this code.
    pub fn not_found(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 403 DENIED.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::Denied, message)
    }

    /// 403 DENIED, for the project's quota.
    pub fn quota_exceeded(message: impl Into<String>) -> Self {
        Self {
            quota_exceeded: true,
            ..Self::denied(message)
        }
    }

    /// 401 UNAUTHORIZED with a `WWW-Authenticate` header (an empty challenge is a header without a scheme).
    pub fn unauthorized(message: impl Into<String>, challenge: String) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
        }
    }

    /// 405 UNSUPPORTED with the methods that are allowed.
    pub fn method_not_allowed(allow: &'static str, message: impl Into<String>) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::Unsupported,
                message,
            )
        }
    }

    /// 429 with the seconds to wait.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::TooManyRequests,
                message,
            )
        }
    }

    /// 503 with the seconds to wait.
    pub fn unavailable(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                message,
            )
        }
    }

    /// 500; the caller has logged why.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unknown,
            "internal server error",
        )
    }

    /// Adds what a program may read.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

impl From<Mismatch> for ApiError {
    fn from(mismatch: Mismatch) -> Self {
        let message = mismatch.to_string();
        match mismatch {
            Mismatch::UnknownPath => Self::not_found(ErrorCode::Unsupported, message),
            Mismatch::Method { allow } => Self::method_not_allowed(allow, message),
            Mismatch::Name(_) => Self::bad_request(ErrorCode::NameInvalid, message),
            Mismatch::Tag(_) => Self::bad_request(ErrorCode::ManifestInvalid, message),
            Mismatch::Digest(_) => Self::bad_request(ErrorCode::DigestInvalid, message),
            Mismatch::Upload => Self::not_found(ErrorCode::BlobUploadUnknown, message),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let envelope = Envelope {
            errors: [Entry {
                code: self.code,
                message: &self.message,
                detail: self.detail.as_ref(),
            }],
        };
        let body = serde_json::to_vec(&envelope).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge {
            let value = HeaderValue::try_from(challenge);
            headers.insert(
                WWW_AUTHENTICATE,
                value.unwrap_or(HeaderValue::from_static("")),
            );
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn body_of(error: ApiError) -> (StatusCode, http::HeaderMap, String) {
        let (parts, body) = error.into_response().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (parts.status, parts.headers, text)
    }

    #[tokio::test]
    async fn an_error_has_the_shape_of_the_specification() {
        let error = ApiError::not_found(ErrorCode::BlobUnknown, "blob unknown to registry")
            .with_detail(serde_json::json!({"digest": "sha256:x"}));
        let (status, headers, body) = body_of(error).await;
        assert_eq!(status, 404);
        assert_eq!(headers[CONTENT_TYPE], "application/json");
        assert_eq!(
            body,
            r#"{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry","detail":{"digest":"sha256:x"}}]}"#
        );
    }

    #[tokio::test]
    async fn waiting_clients_are_told_how_long() {
        let (status, headers, body) = body_of(ApiError::too_many_requests("slow down", 3)).await;
        assert_eq!(status, 429);
        assert_eq!(headers[RETRY_AFTER], "3");
        assert!(body.contains("TOOMANYREQUESTS"));
        let (status, headers, _) = body_of(ApiError::unavailable("later", 1)).await;
        assert_eq!(
            (status.as_u16(), &headers[RETRY_AFTER]),
            (503, &HeaderValue::from(1))
        );
    }

    #[tokio::test]
    async fn a_challenge_may_be_empty() {
        let (status, headers, _) =
            body_of(ApiError::unauthorized("project x not found", String::new())).await;
        assert_eq!(status, 401);
        assert_eq!(headers[WWW_AUTHENTICATE], "");
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_the_right_ones() {
        let (status, headers, _) = body_of(Mismatch::Method { allow: "GET" }.into()).await;
        assert_eq!(
            (status.as_u16(), headers[ALLOW].to_str().unwrap()),
            (405, "GET")
        );
    }
}
