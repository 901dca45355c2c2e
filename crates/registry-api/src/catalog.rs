//! `GET /v2/_catalog`: the names of all repositories that hold an artifact, by pages.

use axum::response::Response;
use http::header::LINK;
use serde::Serialize;

use crate::call::Call;
use crate::error::ApiError;
use crate::json::json;
use crate::page::{Page, one_more};

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: &'a [String],
}

/// A page of names in lexical order.
pub(crate) async fn list(call: &Call<'_>) -> Result<Response, ApiError> {
    let page = Page::parse(call.query())?;
    let limit = page.limit();
    let mut names = call
        .registry()
        .catalog(call.permit(), page.last.as_deref(), one_more(limit))
        .await?;
    let more = names.len() > limit;
    names.truncate(limit);
    let mut response = json(&Catalog {
        repositories: &names,
    });
    if more && let Some(last) = names.last() {
        let link = page.next_link("/v2/_catalog", last);
        response.headers_mut().extend(link.map(|link| (LINK, link)));
    }
    Ok(response)
}
