//! Names in paths: projects, repositories, references and row ids.
//!
//! A project is named by id when the text is a number, unless `X-Is-Resource-Name: true` says that it is a name. Repository
//! names come escaped twice; the second time is undone here. Source: Harbor `src/server/v2.0/handler/base.go`, `util.go`.

use std::str::FromStr;

use axum::http::HeaderMap;
use percent_encoding::percent_decode_str;
use seawall_ids::ProjectId;
use seawall_oci::{NameError, Reference, RepositoryName};

use crate::error::ApiError;

/// How a path names a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectName<'a> {
    /// By its number.
    Id(ProjectId),
    /// By its name.
    Name(&'a str),
}

impl<'a> ProjectName<'a> {
    /// Reads `text` as an id when it is a number and the headers do not say that it is a name.
    pub fn parse(text: &'a str, headers: &HeaderMap) -> Self {
        let is_name = headers
            .get("x-is-resource-name")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        match text.parse() {
            Ok(id) if !is_name => Self::Id(ProjectId(id)),
            _ => Self::Name(text),
        }
    }
}

/// The full name of a repository, of the project's name and the parameter, which is still escaped once.
///
/// # Errors
/// 400 for what is no repository name.
pub fn repository_name(project: &str, parameter: &str) -> Result<RepositoryName, ApiError> {
    let decoded = percent_decode_str(parameter).decode_utf8();
    let within = decoded.map_err(|_| ApiError::bad_request("the repository name is not UTF-8"))?;
    format!("{project}/{within}")
        .parse()
        .map_err(|error: NameError| ApiError::bad_request(error.to_string()))
}

/// A tag or digest.
///
/// # Errors
/// 400 for what is neither.
pub fn reference(parameter: &str) -> Result<Reference, ApiError> {
    parameter
        .parse()
        .map_err(|error: NameError| ApiError::bad_request(error.to_string()))
}

/// The id of a row, in the path parameter `name`.
///
/// # Errors
/// 422 for what is no number.
pub fn id<T: FromStr>(name: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| {
        ApiError::validation(format!("{name} in path must be of type int64: {text:?}"))
    })
}

/// A repository's name within its project, escaped twice, as it stands in paths.
pub fn escaped_twice(within_project: &str) -> String {
    // Of what repository names may hold, only the slash needs an escape.
    within_project.replace('/', "%252F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_id_unless_a_header_says_name() {
        let mut headers = HeaderMap::new();
        assert_eq!(
            ProjectName::parse("7", &headers),
            ProjectName::Id(ProjectId(7))
        );
        assert_eq!(
            ProjectName::parse("team", &headers),
            ProjectName::Name("team")
        );
        headers.insert("x-is-resource-name", "true".parse().unwrap());
        assert_eq!(ProjectName::parse("7", &headers), ProjectName::Name("7"));
    }

    #[test]
    fn repository_names_are_unescaped_a_second_time() {
        for parameter in ["a%2Fb", "a/b"] {
            assert_eq!(
                repository_name("team", parameter).unwrap().as_str(),
                "team/a/b"
            );
        }
        for parameter in ["A", "", "a%2F..%2Fb", "a%FF"] {
            assert_eq!(
                repository_name("team", parameter).unwrap_err().status(),
                400
            );
        }
        assert_eq!(escaped_twice("a/b"), "a%252Fb");
    }

    #[test]
    fn ids_are_numbers() {
        assert_eq!(id::<ProjectId>("id", "7").unwrap(), ProjectId(7));
        let error = id::<ProjectId>("mid", "x").unwrap_err();
        assert_eq!(error.status(), 422);
        assert!(
            error
                .message()
                .ends_with("mid in path must be of type int64: \"x\"")
        );
    }
}
