//! What a client is told when it has to log in first (`WWW-Authenticate`).
//!
//! The rules are Harbor's (`src/server/middleware/v2auth/auth.go`): without an `Authorization` header,
//! where to get a token and for what; with one that does not suffice, and for the catalog, that Basic
//! would do; for a project that is missing, an empty challenge.

use std::fmt::Write as _;

use seawall_oci::RepositoryName;

/// The service that tokens are for.
pub const SERVICE: &str = "harbor-registry";

/// The challenge to a client that sent credentials which do not suffice.
pub const BASIC: &str = "Basic realm=\"harbor\"";

/// A repository and what is to be done to it, for the challenge's scope.
pub struct Wanted<'a> {
    /// Where.
    pub repository: &'a RepositoryName,
    /// `pull`, `pull,push` or `delete`.
    pub actions: &'static str,
}

/// The challenge that sends a client to the token service at `base_url`.
pub fn bearer(base_url: &str, wanted: &[Wanted<'_>]) -> String {
    let mut text = format!("Bearer realm=\"{base_url}/service/token\",service=\"{SERVICE}\"");
    for (index, scope) in wanted.iter().enumerate() {
        let separator = if index == 0 { ",scope=\"" } else { " " };
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "{separator}repository:{}:{}",
            scope.repository, scope.actions
        );
    }
    if !wanted.is_empty() {
        text.push('"');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_names_realm_service_and_scope() {
        let one: RepositoryName = "a/b".parse().unwrap();
        let two: RepositoryName = "c/d".parse().unwrap();
        assert_eq!(
            bearer("http://h:1", &[]),
            "Bearer realm=\"http://h:1/service/token\",service=\"harbor-registry\""
        );
        let wanted = |repository, actions| Wanted {
            repository,
            actions,
        };
        assert_eq!(
            bearer(
                "https://h",
                &[wanted(&one, "pull,push"), wanted(&two, "pull")]
            ),
            "Bearer realm=\"https://h/service/token\",service=\"harbor-registry\",\
             scope=\"repository:a/b:pull,push repository:c/d:pull\""
        );
    }
}
