//! Facts of the system: `GET /api/version`, `/systeminfo` and what is below it.

use std::path::Path;

use axum::Json;
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use seawall_database::Timestamp;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::system::{ApiVersion, GeneralInfo, PrivateInfo, SystemVolumes, Volume};
use crate::respond;

/// The version of Harbor whose API this is: clients choose by it what they ask.
const HARBOR_VERSION: &str = "v2.16.0";
/// The most that a certificate may have, in bytes.
const MAX_CERTIFICATE_BYTES: u64 = 1024 * 1024;

/// `GET /api/version`
pub async fn version() -> Response {
    Json(ApiVersion { version: "v2.0" }).into_response()
}

/// Any other method than GET and HEAD on `/api/version`.
pub async fn version_only_read(method: Method) -> Response {
    ApiError::method_not_allowed(method.as_str(), &["GET", "HEAD"]).into_response()
}

/// `getSystemInfo`: some for everyone, more for those who are logged in.
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let private = call.actor().is_authenticated().then(|| private(&call));
    respond::json(&GeneralInfo {
        auth_mode: "db_auth",
        primary_auth_mode: false,
        self_registration: false,
        banner_message: "",
        private,
    })
}

fn private(call: &Call) -> PrivateInfo {
    let settings = &call.api.settings;
    let external_url = call.external_url().unwrap_or_default();
    let registry_url = external_url.split_once("://").map_or("", |(_, host)| host);
    let restriction = if settings.projects_by_administrators_only {
        "adminonly"
    } else {
        "everyone"
    };
    PrivateInfo {
        harbor_version: harbor_version(settings.commit.as_deref()),
        seawall_version: env!("CARGO_PKG_VERSION"),
        registry_url: registry_url.to_owned(),
        external_url,
        has_ca_root: settings
            .ca_certificate
            .as_deref()
            .is_some_and(Path::is_file),
        read_only: settings.read_only,
        current_time: Timestamp::now(),
        project_creation_restriction: restriction,
        registry_storage_provider_name: settings.storage_provider.clone(),
        notification_enable: false,
    }
}

/// Harbor's version, a dash and what was built: the commit, as Harbor has it, or else Seawall's version. Clients compare what
/// stands before the dash; the whole is a semantic version either way.
fn harbor_version(commit: Option<&str>) -> String {
    match commit {
        Some(commit) => format!("{HARBOR_VERSION}-{}", commit.get(..8).unwrap_or(commit)),
        None => format!("{HARBOR_VERSION}-seawall.{}", env!("CARGO_PKG_VERSION")),
    }
}

/// `getVolumes`: the file system that holds the data.
pub async fn volumes(call: Call) -> Result<Response, ApiError> {
    let mut storage = Vec::new();
    if let Some(folder) = call.api.settings.volume.clone() {
        let measured = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder)).await;
        let measured = measured.map_err(|error| ApiError::internal(error.to_string()))?;
        let facts = measured.map_err(|error| {
            ApiError::internal(format!("cannot measure the data's volume: {error}"))
        })?;
        storage.push(Volume {
            total: facts.f_blocks.saturating_mul(facts.f_frsize),
            free: facts.f_bavail.saturating_mul(facts.f_frsize),
        });
    }
    respond::json(&SystemVolumes { storage })
}

/// `getCert`: the certificate that clients need to trust ours, as a file.
pub async fn certificate(call: Call) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("certificate not found");
    let path = call
        .api
        .settings
        .ca_certificate
        .as_deref()
        .ok_or_else(missing)?;
    let size = tokio::fs::metadata(path)
        .await
        .map_err(|_| missing())?
        .len();
    if size > MAX_CERTIFICATE_BYTES {
        return Err(ApiError::internal("the certificate's file is too large"));
    }
    let bytes = tokio::fs::read(path).await.map_err(|_| missing())?;
    let mut response = respond::text("application/octet-stream", bytes);
    let disposition = HeaderValue::from_static("attachment; filename=ca.crt");
    response
        .headers_mut()
        .insert(CONTENT_DISPOSITION, disposition);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_harbors_and_says_what_was_built() {
        assert_eq!(harbor_version(Some("0123456789abcdef")), "v2.16.0-01234567");
        let unknown = harbor_version(None);
        let (harbor, built) = unknown.split_once('-').unwrap();
        assert_eq!(harbor, HARBOR_VERSION);
        assert_eq!(
            built.strip_prefix("seawall."),
            Some(env!("CARGO_PKG_VERSION"))
        );
    }
}
