//! Quotas of projects. Rules: `seawall_registry` (`quota`).

use axum::response::Response;
use seawall_ids::ProjectId;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::quota::{Quota, QuotaRequest};
use crate::respond;

/// `listQuotas`: all, or those of one project (`reference=project&reference_id=7`).
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    if let Some(other) = call
        .query
        .text("reference")
        .filter(|reference| *reference != "project")
    {
        return Err(ApiError::bad_request(format!(
            "quotas are of projects only, not of {other:?}"
        )));
    }
    let project = match call.query.text("reference_id") {
        Some(text) => Some(ProjectId(text.parse().map_err(|_| {
            ApiError::bad_request(format!(
                "reference_id must be the number of a project: {text:?}"
            ))
        })?)),
        None => None,
    };
    let (registry, permit) = (call.api.registry.clone(), call.permit()?.clone());
    let ids = {
        let (registry, permit, query) = (registry.clone(), permit.clone(), query.clone());
        Box::pin(async move { Ok(registry.quota_ids(&permit, project, &query).await?) })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (registry, permit) = (registry.clone(), permit.clone());
        async move {
            let found = registry.list_quotas(&permit, project, &query).await?;
            let items: Vec<Quota> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `getQuota`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let quota = call
        .api
        .registry
        .get_quota(call.permit()?, call.id("id")?)
        .await?;
    respond::json(&Quota::from(quota))
}

/// `updateQuota`: storage is the only resource there is.
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let request: QuotaRequest = call.json("hard").await?;
    let hard = request.hard.unwrap_or_default();
    if let Some(other) = hard.keys().find(|name| *name != "storage") {
        return Err(ApiError::bad_request(format!(
            "there is no resource {other:?}, only storage"
        )));
    }
    let storage = hard
        .get("storage")
        .ok_or_else(|| ApiError::bad_request("hard.storage is missing"))?;
    call.api
        .registry
        .update_quota(call.permit()?, call.id("id")?, *storage)
        .await?;
    Ok(respond::empty())
}
