//! Which operation a method and a path name.

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// The path that probes read without a secret.
pub(crate) const STATS: &str = "/api/v1/stats";

/// What a request asks for. The ids are as they came, decoded, and may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Submit,
    List,
    Get(String),
    Act(String),
    Log(String),
    Executions(String),
    Stats,
    Config,
}

/// Why a request names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    Path,
    Method,
}

impl Operation {
    /// The operation of this method and path.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, Unknown> {
        let rest = path.strip_prefix("/api/v1/").ok_or(Unknown::Path)?;
        let segments: Vec<&str> = rest.split('/').collect();
        let id = |raw: &str| percent_decode_str(raw).decode_utf8_lossy().into_owned();
        let of_method = |get: Option<Self>, post: Option<Self>| {
            let operation = match *method {
                Method::GET => get,
                Method::POST => post,
                _ => None,
            };
            operation.ok_or(Unknown::Method)
        };
        match segments.as_slice() {
            ["jobs"] => of_method(Some(Self::List), Some(Self::Submit)),
            ["jobs", ""] | ["jobs", "", _] => Err(Unknown::Path),
            ["jobs", raw] => of_method(Some(Self::Get(id(raw))), Some(Self::Act(id(raw)))),
            ["jobs", raw, "log"] => of_method(Some(Self::Log(id(raw))), None),
            ["jobs", raw, "executions"] => of_method(Some(Self::Executions(id(raw))), None),
            ["stats"] => of_method(Some(Self::Stats), None),
            ["config"] => of_method(Some(Self::Config), None),
            _ => Err(Unknown::Path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_harbor_is_known() {
        let of = |method: Method, path: &str| Operation::of(&method, path);
        let id = "0123456789abcdef01234567@1700000000".to_owned();
        for (method, path, operation) in [
            (Method::POST, "/api/v1/jobs".to_owned(), Operation::Submit),
            (Method::GET, "/api/v1/jobs".to_owned(), Operation::List),
            (
                Method::GET,
                format!("/api/v1/jobs/{id}"),
                Operation::Get(id.clone()),
            ),
            (
                Method::POST,
                format!("/api/v1/jobs/{id}"),
                Operation::Act(id.clone()),
            ),
            (
                Method::GET,
                format!("/api/v1/jobs/{id}/log"),
                Operation::Log(id.clone()),
            ),
            (
                Method::GET,
                format!("/api/v1/jobs/{id}/executions"),
                Operation::Executions(id.clone()),
            ),
            (Method::GET, STATS.to_owned(), Operation::Stats),
            (Method::GET, "/api/v1/config".to_owned(), Operation::Config),
        ] {
            assert_eq!(of(method, &path), Ok(operation), "{path}");
            assert_eq!(of(Method::DELETE, &path), Err(Unknown::Method), "{path}");
        }
    }

    #[test]
    fn what_is_no_route_is_not_found() {
        for path in [
            "/",
            "/api",
            "/api/v1",
            "/api/v1/",
            "/api/v1/job",
            "/api/v1/jobs/",
            "/api/v1/jobs//log",
            "/api/v1/jobs/a/log/b",
            "/api/v2/jobs",
        ] {
            assert_eq!(
                Operation::of(&Method::GET, path),
                Err(Unknown::Path),
                "{path}"
            );
        }
    }

    #[test]
    fn an_encoded_id_is_decoded() {
        assert_eq!(
            Operation::of(&Method::GET, "/api/v1/jobs/a%2F..%2Fb/log"),
            Ok(Operation::Log("a/../b".to_owned()))
        );
    }
}
