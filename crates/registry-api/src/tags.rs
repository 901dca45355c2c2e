//! `GET /v2/<name>/tags/list`. OCI distribution-spec 1.1 § Listing Tags.

use axum::response::Response;
use http::header::LINK;
use seawall_oci::RepositoryName;
use serde::Serialize;

use crate::call::Call;
use crate::error::ApiError;
use crate::json::json;
use crate::page::{Page, one_more};

#[derive(Serialize)]
struct TagList<'a> {
    name: &'a str,
    tags: &'a [String],
}

/// A page of tags in lexical order.
pub(crate) async fn list(
    call: &Call<'_>,
    repository: &RepositoryName,
) -> Result<Response, ApiError> {
    let page = Page::parse(call.query())?;
    let limit = page.limit();
    let mut tags = call
        .registry()
        .tag_names(
            call.permit(),
            repository,
            page.last.as_deref(),
            one_more(limit),
        )
        .await?;
    let more = tags.len() > limit;
    tags.truncate(limit);
    let name = repository.as_str();
    let mut response = json(&TagList { name, tags: &tags });
    if more && let Some(last) = tags.last() {
        let link = page.next_link(&format!("/v2/{name}/tags/list"), last);
        response.headers_mut().extend(link.map(|link| (LINK, link)));
    }
    Ok(response)
}
