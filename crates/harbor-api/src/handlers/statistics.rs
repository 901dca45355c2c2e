//! `GET /statistics`: how many projects and repositories there are, as far as the caller is concerned.

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::search::Statistic;
use crate::respond;

/// `getStatistic`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let figures = call.api.registry.statistics(&call.caller).await?;
    respond::json(&Statistic::from(figures))
}
