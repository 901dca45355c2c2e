//! Tags of artifacts. Rules: `seawall_registry` (`tag`).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use seawall_oci::NameError;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::artifact::{Tag, TagRequest};
use crate::respond;

/// `listTags`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (repository, reference) = (call.repository()?, call.reference()?);
    let (registry, permit) = (&call.api.registry, call.permit()?);
    if query.limit().is_none() {
        let batches = registry
            .stream_tags(permit, &repository, &reference, &query)
            .await?;
        return Ok(call.streamed(page, batches, Tag::from));
    }
    let found = registry
        .list_tags(permit, &repository, &reference, &query)
        .await?;
    let items: Vec<Tag> = found.items.into_iter().map(Into::into).collect();
    Ok(call.with_page_headers(page, found.total, respond::json(&items)?))
}

/// `createTag`: 201 without a location, as Harbor.
pub async fn create(mut call: Call) -> Result<Response, ApiError> {
    let request: TagRequest = call.json("tag").await?;
    let name = request
        .name
        .ok_or_else(|| ApiError::validation("tag.name in body is required"))?;
    let (repository, reference) = (call.repository()?, call.reference()?);
    call.api
        .registry
        .create_tag(call.permit()?, &repository, &reference, &name)
        .await?;
    Ok(StatusCode::CREATED.into_response())
}

/// `deleteTag`: the artifact stays.
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let (repository, reference) = (call.repository()?, call.reference()?);
    let tag = call.parameter("tag_name").parse();
    let tag = tag.map_err(|error: NameError| ApiError::bad_request(error.to_string()))?;
    call.api
        .registry
        .delete_tag(call.permit()?, &repository, Some(&reference), &tag)
        .await?;
    Ok(respond::empty())
}
