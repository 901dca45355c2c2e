//! Garbage collection: executions and a schedule, see `executions.rs`. Rules: `seawall_maintenance`.

use axum::response::Response;
use seawall_maintenance::Kind;

use super::executions;
use crate::call::Call;
use crate::error::ApiError;

const KIND: Kind = Kind::Collection;

/// `getGCHistory`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    executions::list(call, KIND).await
}

/// `getGC`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let id = call.id("gc_id")?;
    executions::get(call, KIND, id).await
}

/// `stopGC`
pub async fn stop(call: Call) -> Result<Response, ApiError> {
    let id = call.id("gc_id")?;
    executions::stop(call, KIND, id).await
}

/// `getGCLog`
pub async fn log(call: Call) -> Result<Response, ApiError> {
    let id = call.id("gc_id")?;
    executions::log(call, KIND, id).await
}

/// `getGCSchedule`
pub async fn schedule(call: Call) -> Result<Response, ApiError> {
    executions::schedule(call, KIND).await
}

/// `createGCSchedule`
pub async fn create_schedule(call: Call) -> Result<Response, ApiError> {
    executions::create(call, KIND, "gc").await
}

/// `updateGCSchedule`
pub async fn update_schedule(call: Call) -> Result<Response, ApiError> {
    executions::update(call, KIND).await
}
