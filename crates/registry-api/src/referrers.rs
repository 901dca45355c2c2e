//! `GET /v2/<name>/referrers/<digest>`: what names a manifest as its subject.
//! OCI distribution-spec 1.1 § Listing Referrers. A subject that nothing refers to, or that is not there, has an
//! empty list.

use std::collections::BTreeMap;

use axum::response::Response;
use http::HeaderValue;
use http::header::LINK;
use seawall_oci::media_type::OCI_INDEX;
use seawall_oci::{Digest, RepositoryName};
use seawall_registry::Referrer;
use serde::Serialize;

use crate::call::Call;
use crate::error::{ApiError, ErrorCode};
use crate::headers::{FILTERS_APPLIED, TOTAL_COUNT, value};
use crate::json::json_as;
use crate::query;

/// How many referrers one answer lists; the `Link` leads to more.
const PAGE_ENTRIES: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'a str,
    digest: &'a Digest,
    size: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    artifact_type: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a Referrer> for Descriptor<'a> {
    fn from(referrer: &'a Referrer) -> Self {
        Self {
            media_type: &referrer.media_type,
            digest: &referrer.digest,
            size: referrer.size,
            artifact_type: &referrer.artifact_type,
            annotations: &referrer.annotations,
        }
    }
}

/// All referrers, or those of one artifact type.
pub(crate) async fn list(
    call: &Call<'_>,
    repository: &RepositoryName,
    subject: &Digest,
) -> Result<Response, ApiError> {
    let artifact_type = query::first(call.query(), "artifactType")
        .filter(|artifact_type| !artifact_type.is_empty());
    let cursor = cursor(call)?;
    let limit = i64::try_from(PAGE_ENTRIES).ok();
    let filter = artifact_type.as_deref();
    let referrers = call
        .registry()
        .referrers(call.permit(), repository, subject, filter, cursor, limit)
        .await?;
    let index = Index {
        schema_version: 2,
        media_type: OCI_INDEX,
        manifests: referrers.iter().map(Descriptor::from).collect(),
    };
    let mut response = json_as(&index, OCI_INDEX);
    let headers = response.headers_mut();
    if let Some(last) = referrers.last().filter(|_| referrers.len() == PAGE_ENTRIES) {
        let link = next_link(repository, subject, filter, last.cursor);
        headers.insert(LINK, value(&link));
    } else if cursor == 0 {
        headers.insert(TOTAL_COUNT, HeaderValue::from(referrers.len()));
    }
    if filter.is_some() {
        headers.insert(FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}

/// Where the page begins: the parameter that our own links carry.
fn cursor(call: &Call<'_>) -> Result<i64, ApiError> {
    let Some(text) = query::first(call.query(), "last") else {
        return Ok(0);
    };
    let number: Option<i64> = text.parse().ok();
    number.filter(|number| *number >= 0).ok_or_else(|| {
        let message = "parameter last must be one that a Link header gave";
        ApiError::bad_request(ErrorCode::Unsupported, message)
    })
}

fn next_link(
    repository: &RepositoryName,
    subject: &Digest,
    artifact_type: Option<&str>,
    cursor: i64,
) -> String {
    let mut target = format!("/v2/{repository}/referrers/{subject}?last={cursor}");
    if let Some(artifact_type) = artifact_type {
        target.push_str("&artifactType=");
        target.push_str(&query::escape(artifact_type).to_string());
    }
    format!("<{target}>; rel=\"next\"")
}
