//! Scans: who may ask for them is checked; there is no scanner to run them.

use axum::response::Response;
use seawall_identity::{Permission, Resource};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::artifact::ScanRequest;

/// The permission that the table names `scan`: on scans, or the same on SBOMs when the body asks for one.
pub(crate) async fn permission(
    call: &mut Call,
    permission: Permission,
) -> Result<Permission, ApiError> {
    if !call.actor().is_authenticated() {
        return Ok(permission);
    }
    let request: Option<ScanRequest> = call.json_if_any("scanType").await?;
    let kind = request
        .and_then(|request| request.scan_type)
        .unwrap_or_default();
    let resource = if kind == "sbom" {
        Resource::Sbom
    } else {
        permission.resource
    };
    Ok(Permission::new(resource, permission.action))
}

/// `scanArtifact`
pub async fn start(_call: Call) -> Result<Response, ApiError> {
    Err(no_scanner())
}

/// `stopScanArtifact`
pub async fn stop(_call: Call) -> Result<Response, ApiError> {
    Err(no_scanner())
}

/// `getReportLog`
pub async fn log(_call: Call) -> Result<Response, ApiError> {
    Err(no_scanner())
}

/// `GET …/scan/overview`: of the last scan that succeeded; without one there is nothing to pass a check with.
pub async fn overview(call: Call) -> Result<Response, ApiError> {
    let (repository, reference) = (call.repository()?, call.reference()?);
    let separator = if reference.digest().is_some() {
        '@'
    } else {
        ':'
    };
    Err(ApiError::not_found(format!(
        "{repository}{separator}{reference} has not been scanned: no scan has succeeded yet"
    )))
}

fn no_scanner() -> ApiError {
    ApiError::precondition("no scanner is configured")
}
