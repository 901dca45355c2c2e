//! The header names of the distribution API that HTTP itself does not define,
//! and values made without a chance to fail.

use http::{HeaderName, HeaderValue};
use seawall_oci::Digest;

/// The content's digest.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// Tells that this is a registry; clients look for it on `/v2/`.
pub const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// The value of [`API_VERSION`].
pub const API_VERSION_VALUE: HeaderValue = HeaderValue::from_static("registry/2.0");
/// The id of an upload.
pub const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
/// The subject of a pushed manifest, which tells that the registry keeps referrers.
pub const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// The tags that a push by digest made.
pub const TAG: HeaderName = HeaderName::from_static("oci-tag");
/// The filters that an answer respects.
pub const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
/// How many entries there are in all (Harbor).
pub const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// A value from text that the registry made or parsed itself; what is no header's text comes out empty.
pub fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// A digest as an entity tag: `"sha256:…"`.
pub fn entity_tag(digest: &Digest) -> HeaderValue {
    value(&format!("\"{digest}\""))
}
