//! The grammar of project names. Harbor `src/server/v2.0/handler/project.go`: `[a-z0-9]+(?:[._-][a-z0-9]+)*`,
//! at most 255 characters. Repository names are `seawall_oci::RepositoryName`.

use crate::RegistryError;

/// The longest name of a project, in characters.
pub const MAX_PROJECT_NAME_LENGTH: usize = 255;

/// Checks a project's name.
///
/// # Errors
/// `BadRequest`, in Harbor's words, for a name that is empty, too long or out of the grammar.
pub fn validate_project_name(name: &str) -> Result<(), RegistryError> {
    if name.is_empty() || name.len() > MAX_PROJECT_NAME_LENGTH {
        return Err(RegistryError::BadRequest(format!(
            "project name {} is illegal in length. (greater than 1 and less than {MAX_PROJECT_NAME_LENGTH})",
            shorten(name)
        )));
    }
    if !is_project_name(name) {
        return Err(RegistryError::BadRequest(format!(
            "project name {} is not in lower case or contains illegal characters",
            shorten(name)
        )));
    }
    Ok(())
}

/// Whether `name` follows the grammar: runs of `[a-z0-9]` joined by single `.`, `_` or `-`.
fn is_project_name(name: &str) -> bool {
    let run = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let ends = bytes.first().copied().is_some_and(run) && bytes.last().copied().is_some_and(run);
    ends && bytes
        .windows(2)
        .all(|pair| run(pair[0]) || (matches!(pair[0], b'.' | b'_' | b'-') && run(pair[1])))
}

/// At most 64 characters of a name, since it may be anything.
fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_harbor_pass() {
        for name in ["library", "a", "0", "my-team", "a.b_c-d9"] {
            assert!(validate_project_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_out_of_the_grammar_are_refused() {
        let long = "a".repeat(256);
        for name in [
            "", "A", "a b", "-a", "a-", "a--b", "a/b", "ä", "a__b", "..", &long,
        ] {
            assert!(validate_project_name(name).is_err(), "{name}");
        }
    }
}
