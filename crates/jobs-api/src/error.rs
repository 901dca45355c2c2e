//! What can go wrong, with Harbor's codes (Harbor `src/jobservice/errs/errors.go`). The body is
//! JSON, but is not called so: Go's server takes it for plain text, and so do we say.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use seawall_jobs::StoreError;
use serde_json::json;

/// Harbor's number for what failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    ReadBody,
    Json,
    Launch,
    Stats,
    GetJob,
    Stop,
    UnknownAction,
    Log,
    NotFound,
    Unauthorized,
    BadRequest,
    List,
    Executions,
}

impl Code {
    const fn number(self) -> u16 {
        match self {
            Self::ReadBody => 10000,
            Self::Json => 10001,
            Self::Launch => 10003,
            Self::Stats => 10004,
            Self::GetJob => 10005,
            Self::Stop => 10006,
            Self::UnknownAction => 10008,
            Self::Log => 10009,
            Self::NotFound => 10010,
            Self::Unauthorized => 10011,
            Self::BadRequest => 10013,
            Self::List => 10014,
            Self::Executions => 10015,
        }
    }

    /// The status that goes with it.
    const fn status(self) -> StatusCode {
        match self {
            Self::ReadBody
            | Self::Json
            | Self::Launch
            | Self::Stats
            | Self::GetJob
            | Self::Stop
            | Self::Log
            | Self::List
            | Self::Executions => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UnknownAction => StatusCode::NOT_IMPLEMENTED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
        }
    }

    /// Harbor's words for it.
    const fn message(self) -> &'static str {
        match self {
            Self::ReadBody => "read request body failed with error",
            Self::Json => "handle json data failed with error",
            Self::Launch => "launch job failed with error",
            Self::Stats => "check stats of server failed with error",
            Self::GetJob => "get job stats failed with error",
            Self::Stop => "stop job failed with error",
            Self::UnknownAction => "unknown job action name",
            Self::Log => "failed to get the job log",
            Self::NotFound => "object is not found",
            Self::Unauthorized => "unauthorized",
            Self::BadRequest => "bad request",
            Self::List => "failed to get scheduled jobs",
            Self::Executions => "failed to get periodic executions",
        }
    }
}

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    details: String,
}

impl Failure {
    pub(crate) fn new(code: Code, details: impl Into<String>) -> Self {
        Self {
            code,
            details: details.into(),
        }
    }

    /// A failure of the store: of the caller's making, or of `code`. What the store says about
    /// itself is for the log; callers hear that much that they know whom to ask.
    pub(crate) fn store(code: Code, error: &StoreError) -> Self {
        if let StoreError::Invalid(reason) = error {
            return Self::new(Code::BadRequest, reason);
        }
        tracing::error!(error = %seawall_telemetry::chain(error), "{}", code.message());
        Self::new(
            code,
            "the store of the jobs failed; the log of the job service says why",
        )
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let body = json!({
            "code": self.code.number(),
            "message": self.code.message(),
            "details": self.details,
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.code.status();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        response
    }
}
