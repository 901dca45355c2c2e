//! What an operation answers instead of a result, in Harbor's shape. The only place where errors of the rooms below
//! become statuses is `error/from.rs`; nothing else builds an error body.
//!
//! Source: Harbor `src/lib/http/error.go`, `src/lib/errors/const.go`.

mod from;

use std::borrow::Cow;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error as it is answered: status, code and a message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: Cow<'static, str>,
    message: String,
    /// What is logged and not shown, of errors on our side.
    detail: Option<String>,
    allow: Option<String>,
    /// Whether the project's quota was the reason, which others want to hear of.
    quota_exceeded: bool,
}

/// `{"errors":[{"code":…,"message":…}]}`
#[derive(Serialize)]
struct Errors<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            message: message.into(),
            detail: None,
            allow: None,
            quota_exceeded: false,
        }
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 400: a digest out of the grammar.
    pub fn digest_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message)
    }

    /// 400: a manifest that cannot be read.
    pub fn manifest_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", message)
    }

    /// 400: not offered.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", message)
    }

    /// 401: nobody is logged in.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "unauthorized")
    }

    /// 403: the caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 403: a rule forbids this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// 403: the project's quota forbids this.
    pub fn quota_exceeded(message: impl Into<String>) -> Self {
        Self {
            quota_exceeded: true,
            ..Self::denied(message)
        }
    }

    /// Whether the project's quota was the reason.
    pub fn is_quota_exceeded(&self) -> bool {
        self.quota_exceeded
    }

    /// 404: it is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 405: not with this method; `allowed` are the others.
    pub fn method_not_allowed(method: &str, allowed: &[&str]) -> Self {
        let message = format!(
            "method {method} is not allowed, but [{}] are",
            allowed.join(",")
        );
        Self {
            allow: Some(allowed.join(", ")),
            ..Self::unsupported_operation(message)
        }
    }

    /// 405: not for this kind of project.
    pub fn unsupported_operation(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            message,
        )
    }

    /// 409: it exists already.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 412: something else must happen first.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "PRECONDITION", message)
    }

    /// 412: something that is still there needs it.
    pub fn referenced(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "VIOLATE_FOREIGN_KEY_CONSTRAINT",
            message,
        )
    }

    /// 413: more than a body may be.
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "REQUEST_ENTITY_TOO_LARGE",
            format!("the body of a request may have at most {limit_bytes} bytes"),
        )
    }

    /// 415: a body that is not JSON.
    pub fn unsupported_media_type(content_type: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            format!(
                "unsupported media type \"{content_type}\", only [application/json] are allowed"
            ),
        )
    }

    /// 422: the request breaks the schema; `failure` reads `page_size in query should be less than or equal to 100`.
    pub fn validation(failure: impl AsRef<str>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "UNPROCESSABLE_ENTITY",
            format!("validation failure list:\n{}", failure.as_ref()),
        )
    }

    /// 429: too much at once.
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUEST", message)
    }

    /// 501: an operation of Harbor's that is not there yet.
    pub fn not_implemented(operation: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "NOT_IMPLEMENTED",
            format!(
                "{operation} is not there yet: Seawall does not offer this operation of Harbor's API so far"
            ),
        )
    }

    /// 503: overloaded, or something we need is away; trying again later helps. `detail` is logged only.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "UNKNOWN",
                "internal server error",
            )
        }
    }

    /// 500: our fault. `detail` is logged only.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "UNKNOWN",
                "internal server error",
            )
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The message, for audit rows.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is logged and not shown.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let entry = Entry {
            code: &self.code,
            message: &self.message,
        };
        let mut body = serde_json::to_vec(&Errors { errors: [entry] }).unwrap_or_default();
        body.push(b'\n');
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(CONTENT_TYPE, json);
        if let Some(allow) = self.allow.and_then(|allow| allow.parse().ok()) {
            headers.insert(ALLOW, allow);
        }
        if matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(error: ApiError) -> String {
        let body = error.into_response().into_body();
        let bytes = axum::body::to_bytes(body, 4096).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_body_is_harbors_with_a_newline() {
        assert_eq!(
            text(ApiError::not_found("project 99 not found")).await,
            "{\"errors\":[{\"code\":\"NOT_FOUND\",\"message\":\"project 99 not found\"}]}\n"
        );
    }

    #[tokio::test]
    async fn our_own_faults_show_nothing() {
        let shown = text(ApiError::internal("disk I/O error in /secret/place")).await;
        assert_eq!(
            shown,
            "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"internal server error\"}]}\n"
        );
    }

    #[test]
    fn a_wrong_method_names_the_right_ones() {
        let response = ApiError::method_not_allowed("PATCH", &["GET", "POST"]).into_response();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, POST");
        assert_eq!(
            response.headers()["content-type"],
            "application/json; charset=utf-8"
        );
    }

    #[test]
    fn an_operation_that_is_not_there_names_itself() {
        let error = ApiError::not_implemented("getConfigurations");
        assert_eq!(error.status(), StatusCode::NOT_IMPLEMENTED);
        assert!(
            error
                .message()
                .starts_with("getConfigurations is not there yet")
        );
    }
}
