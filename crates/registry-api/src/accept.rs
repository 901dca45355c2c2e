//! Which manifests a client takes, read from its `Accept` headers, and whether
//! it already has the one it asks for (`If-None-Match`).
//!
//! A manifest is served as it was pushed, whatever the client accepts, with one exception as in
//! distribution 2.x: a client that knows schema 2 manifests but no lists gets, from a list or an
//! index named by tag, the manifest for linux/amd64.

use http::HeaderMap;
use http::header::{ACCEPT, IF_NONE_MATCH};
use seawall_oci::media_type::{
    DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST, essence,
};

/// Whether a list or index of this type must be replaced by its linux/amd64 manifest.
///
/// That is so when the client names types, schema 2 among them, and neither the list's own type nor
/// another list, nor everything (`*/*`).
pub fn wants_platform_manifest(headers: &HeaderMap, media_type: &str) -> bool {
    if media_type != DOCKER_MANIFEST_LIST && media_type != OCI_INDEX {
        return false;
    }
    let mut schema2 = false;
    for accepted in accepted_types(headers) {
        match accepted {
            DOCKER_MANIFEST => schema2 = true,
            DOCKER_MANIFEST_LIST | OCI_INDEX | OCI_MANIFEST | "*/*" | "application/*" => {
                return false;
            }
            _ => {}
        }
    }
    schema2
}

/// The types in all `Accept` headers, without their parameters.
fn accepted_types(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(essence)
}

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

    fn accept(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_a_client_without_lists_gets_a_platform() {
        let old = accept(&[
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "application/vnd.docker.distribution.manifest.v2+json;q=0.9, application/json",
        ]);
        assert!(wants_platform_manifest(&old, DOCKER_MANIFEST_LIST));
        assert!(wants_platform_manifest(&old, OCI_INDEX));
        assert!(!wants_platform_manifest(&old, DOCKER_MANIFEST));
        for new in [
            accept(&[]),
            accept(&["*/*"]),
            accept(&["application/json"]),
            accept(&[DOCKER_MANIFEST, "*/*"]),
            accept(&[DOCKER_MANIFEST, DOCKER_MANIFEST_LIST]),
            accept(&[&format!("{DOCKER_MANIFEST}, {OCI_INDEX}")]),
            accept(&[OCI_MANIFEST, DOCKER_MANIFEST]),
        ] {
            assert!(
                !wants_platform_manifest(&new, DOCKER_MANIFEST_LIST),
                "{new:?}"
            );
            assert!(!wants_platform_manifest(&new, OCI_INDEX), "{new:?}");
        }
    }

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
