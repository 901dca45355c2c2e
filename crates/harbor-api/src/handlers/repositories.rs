//! Repositories. Rules: `seawall_registry` (`repository`).

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::repository::{Repository, RepositoryRequest};
use crate::respond;

/// `listAllRepositories`: those of every project that the caller may see.
pub async fn list_all(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (registry, caller) = (&call.api.registry, &call.caller);
    if query.limit().is_none() {
        let batches = registry.stream_repositories(caller, &query).await?;
        return Ok(call.streamed(page, batches, Repository::from));
    }
    let found = registry.list_repositories(caller, &query).await?;
    let items: Vec<Repository> = found.items.into_iter().map(Into::into).collect();
    Ok(call.with_page_headers(page, found.total, respond::json(&items)?))
}

/// `listRepositories`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let registry = &call.api.registry;
    let (permit, project) = (call.permit()?, call.project()?);
    if query.limit().is_none() {
        let batches = registry
            .stream_project_repositories(permit, project, &query)
            .await?;
        return Ok(call.streamed(page, batches, Repository::from));
    }
    let found = registry
        .list_project_repositories(permit, project, &query)
        .await?;
    let items: Vec<Repository> = found.items.into_iter().map(Into::into).collect();
    Ok(call.with_page_headers(page, found.total, respond::json(&items)?))
}

/// `getRepository`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let repository = call
        .api
        .registry
        .get_repository(call.permit()?, &call.repository()?)
        .await?;
    respond::json(&Repository::from(repository))
}

/// `updateRepository`: only the description can be changed.
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let request: RepositoryRequest = call.json("repository").await?;
    let description = request.description.unwrap_or_default();
    let name = call.repository()?;
    call.api
        .registry
        .update_repository(call.permit()?, &name, &description)
        .await?;
    Ok(respond::empty())
}

/// `deleteRepository`: with its artifacts and tags.
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let name = call.repository()?;
    call.api
        .registry
        .delete_repository(call.permit()?, &name)
        .await?;
    Ok(respond::empty())
}
