//! Bodies of requests: JSON within a limit of size and time, checked against the schema.
//!
//! Harbor's answers: 415 for another content type, 400 for what is no JSON, 422 for JSON that is not of the schema or a
//! body that is missing; unknown fields are ignored.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::ApiError;

/// The most that a body may have, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a body may take to come.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Reads a whole body.
///
/// # Errors
/// 413 when it is too long, 400 when it stops half-way or takes too long.
pub async fn read(body: Body) -> Result<Bytes, ApiError> {
    let collect = Limited::new(body, MAX_BODY_BYTES).collect();
    match tokio::time::timeout(BODY_DEADLINE, collect).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(ApiError::too_large(MAX_BODY_BYTES))
        }
        Ok(Err(_)) => Err(ApiError::bad_request(
            "the body of the request could not be read",
        )),
        Err(_) => Err(ApiError::bad_request(
            "the body of the request took too long",
        )),
    }
}

/// Reads JSON that must be there; `name` is the parameter's, for messages.
///
/// # Errors
/// See the head of this file.
pub fn parse<T: DeserializeOwned>(
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, ApiError> {
    parse_optional(name, headers, body)?
        .ok_or_else(|| ApiError::validation(format!("{name} in body is required")))
}

/// Reads JSON that may be absent.
///
/// # Errors
/// See the head of this file.
pub fn parse_optional<T: DeserializeOwned>(
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<T>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    require_json(headers)?;
    serde_json::from_slice(body).map_err(|error| {
        let reason = without_value(&error.to_string());
        let message = format!("parsing {name} body from \"\" failed, because {reason}");
        match error.classify() {
            Category::Data => ApiError::validation(message),
            Category::Syntax | Category::Eof | Category::Io => ApiError::bad_request(message),
        }
    })
}

/// What serde says, but for the value that it did not like: it may be a password, and the message stands in the audit log.
fn without_value(text: &str) -> String {
    let Some(expected) = text.rfind(", expected ") else {
        return text.to_owned();
    };
    // `invalid type: string "…", expected …`, `invalid type: boolean `…`, expected …`
    let kind = text.split(['`', '"']).next().unwrap_or_default();
    let kind = kind.get(..expected).unwrap_or(kind);
    format!("{}{}", kind.trim_end(), &text[expected..])
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = headers
        .get(CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or_default());
    let content_type = text.unwrap_or("application/octet-stream");
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(ApiError::unsupported_media_type(essence))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn status(content_type: &str, body: &str) -> u16 {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        match parse::<BTreeMap<String, i64>>("thing", &headers, body.as_bytes()) {
            Ok(_) => 200,
            Err(error) => error.status().as_u16(),
        }
    }

    #[test]
    fn each_fault_has_its_status() {
        assert_eq!(status("application/json", "{\"a\":1}"), 200);
        assert_eq!(status("Application/JSON; charset=utf-8", "{}"), 200);
        assert_eq!(status("application/json", "{\"a\":"), 400);
        assert_eq!(status("application/json", "nonsense"), 400);
        assert_eq!(status("application/json", "{\"a\":\"b\"}"), 422);
        assert_eq!(status("application/json", "[]"), 422);
        assert_eq!(status("application/json", ""), 422);
        assert_eq!(status("", ""), 422);
        assert_eq!(status("", "{}"), 415);
        assert_eq!(status("text/plain", "{}"), 415);
    }

    #[test]
    fn a_message_never_repeats_what_was_sent() {
        use crate::models::robot::RobotRequest;
        use crate::models::user::{PasswordRequest, UserRequest};
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        for body in [
            r#"{"new_password": 71398246}"#,
            r#"{"password": 71398246, "secret": 71398246}"#,
            r#"{"password": [71398246], "new_password": {"71398246": 1}, "secret": ["71398246"]}"#,
            r#""71398246, expected 71398246""#,
            r#"["71398246"]"#,
            "71398246",
        ] {
            let messages = [
                parse::<PasswordRequest>("password", &headers, body.as_bytes()).err(),
                parse::<UserRequest>("userReq", &headers, body.as_bytes()).err(),
                parse::<RobotRequest>("robot", &headers, body.as_bytes()).err(),
            ];
            assert!(messages.iter().any(Option::is_some), "{body}");
            for error in messages.into_iter().flatten() {
                assert!(!error.message().contains("71398246"), "{}", error.message());
                assert!(
                    error.message().contains("line 1 column"),
                    "{}",
                    error.message()
                );
            }
        }
    }

    #[tokio::test]
    async fn a_body_has_a_limit() {
        let body = Body::from(vec![b' '; MAX_BODY_BYTES + 1]);
        assert_eq!(read(body).await.unwrap_err().status(), 413);
        let body = Body::from(vec![b' '; MAX_BODY_BYTES]);
        assert_eq!(read(body).await.unwrap().len(), MAX_BODY_BYTES);
    }
}
