//! `GET /permissions`: what robots can be given. Who may ask: administrators, and project administrators of any project.

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::respond;

/// `getPermissions`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    respond::json(&call.api.identity.robot_catalogue(&call.caller).await?)
}

/// The access that the table names `project_administrator`.
pub(crate) async fn require_administrator(call: &Call) -> Result<(), ApiError> {
    call.api.identity.robot_catalogue(&call.caller).await?;
    Ok(())
}
