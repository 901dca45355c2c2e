//! From the settings of the whole to those of the surfaces. Those of the rooms below: `seawall_assembly::settings`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use seawall_assembly::settings::storage;
use seawall_harbor_api::HarborApiSettings;
use seawall_registry_api::RegistryApiSettings;
use seawall_settings::{ProjectCreation, Settings};
use seawall_storage::StorageKind;

/// The surface under `/v2`.
pub fn registry_api(settings: &Settings) -> RegistryApiSettings {
    RegistryApiSettings {
        external_url: settings
            .external_url
            .as_deref()
            .map(|url| url.trim_end_matches('/').into()),
        read_only: Arc::new(AtomicBool::new(settings.read_only)),
    }
}

/// The surface under `/api/v2.0`.
pub fn harbor_api(settings: &Settings) -> HarborApiSettings {
    let local = match storage(settings).kind {
        StorageKind::Local(local) => Some(local.path),
        StorageKind::S3(_) => None,
    };
    HarborApiSettings {
        external_url: settings
            .external_url
            .as_deref()
            .map(|url| url.trim_end_matches('/').to_owned()),
        read_only: settings.read_only,
        projects_by_administrators_only: settings.auth.project_creation_restriction
            == ProjectCreation::AdminOnly,
        storage_provider: if local.is_some() { "filesystem" } else { "s3" }.to_owned(),
        volume: local,
        ca_certificate: settings.tls.ca_cert.clone(),
        // Whoever packages the program says it; asking git at each build would build anew after each commit.
        commit: option_env!("SEAWALL_COMMIT").map(str::to_owned),
    }
}
