//! Purging the audit log: executions and a schedule, see `executions.rs`. Rules: `seawall_maintenance`.

use axum::response::Response;
use seawall_maintenance::Kind;

use super::executions;
use crate::call::Call;
use crate::error::ApiError;

const KIND: Kind = Kind::AuditPurge;

/// `getPurgeHistory`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    executions::list(call, KIND).await
}

/// `getPurgeJob`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let id = call.id("purge_id")?;
    executions::get(call, KIND, id).await
}

/// `stopPurge`
pub async fn stop(call: Call) -> Result<Response, ApiError> {
    let id = call.id("purge_id")?;
    executions::stop(call, KIND, id).await
}

/// `getPurgeJobLog`
pub async fn log(call: Call) -> Result<Response, ApiError> {
    let id = call.id("purge_id")?;
    executions::log(call, KIND, id).await
}

/// `getPurgeSchedule`
pub async fn schedule(call: Call) -> Result<Response, ApiError> {
    executions::schedule(call, KIND).await
}

/// `createPurgeSchedule`
pub async fn create_schedule(call: Call) -> Result<Response, ApiError> {
    executions::create(call, KIND, "purgeaudit").await
}

/// `updatePurgeSchedule`
pub async fn update_schedule(call: Call) -> Result<Response, ApiError> {
    executions::update(call, KIND).await
}
