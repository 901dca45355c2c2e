//! `GET /search`: projects and repositories by a part of their name, as far as the caller may see them.

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::search::Search;
use crate::respond;

/// `search`
pub async fn search(call: Call) -> Result<Response, ApiError> {
    let text = match call.query.get("q") {
        Some(text) => text,
        None => call.query.required("q")?,
    };
    let found = call.api.registry.search(&call.caller, text).await?;
    respond::json(&Search {
        project: found.projects.into_iter().map(Into::into).collect(),
        repository: found.repositories.into_iter().map(Into::into).collect(),
    })
}
