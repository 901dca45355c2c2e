//! Whether a client already has what it asks for (`If-None-Match`). Digests are the entity tags.

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// Whether `If-None-Match` names this entity (a digest, quoted or, as some clients send it, not), so that
/// 304 is the answer. Weak comparison, as RFC 9110 §13.1.2 asks.
pub fn already_has(headers: &HeaderMap, digest: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| {
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.trim_matches('"') == digest
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_entity_is_not_sent_again() {
        let digest = "sha256:abc";
        for (value, expected) in [
            ("\"sha256:abc\"", true),
            ("sha256:abc", true),
            ("W/\"sha256:abc\"", true),
            ("\"sha256:x\", \"sha256:abc\"", true),
            ("*", true),
            ("\"sha256:x\"", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(already_has(&headers, digest), expected, "{value}");
        }
        assert!(!already_has(&HeaderMap::new(), digest));
    }
}
