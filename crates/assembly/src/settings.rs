//! From the settings of the whole to the settings of each part.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use seawall_content::ContentSettings;
use seawall_content::collection::{CollectionSettings, ScrubSettings};
use seawall_database::{DatabaseSettings, DatabaseUrl};
use seawall_events::AuditSettings;
use seawall_identity::{IdentitySettings, KeySource};
use seawall_maintenance::MaintenanceSettings;
use seawall_registry::RegistrySettings;
use seawall_settings::{ProjectCreation, Settings};
use seawall_storage::{LocalSettings, S3Settings, Secret, StorageKind, StorageSettings};

/// Where the database is and how it is used.
pub fn database(settings: &Settings) -> anyhow::Result<DatabaseSettings> {
    let url = match &settings.database.url {
        Some(url) => url.reveal().parse().context("database.url")?,
        None => DatabaseUrl::Sqlite(settings.data_dir.join("seawall.db")),
    };
    let mut database = DatabaseSettings::new(url);
    if let Some(connections) = settings.database.max_connections {
        database.max_connections = connections;
    }
    database.acquire_timeout = Duration::from_secs(settings.database.acquire_timeout_seconds);
    database.statement_timeout = Duration::from_secs(settings.database.statement_timeout_seconds);
    Ok(database)
}

/// Where blobs lie.
pub fn storage(settings: &Settings) -> StorageSettings {
    let ours = &settings.storage;
    let kind = if let Some(bucket) = &ours.s3.bucket {
        StorageKind::S3(s3(settings, bucket))
    } else {
        let path = ours
            .path
            .clone()
            .unwrap_or_else(|| settings.data_dir.join("storage"));
        let mut local = LocalSettings::new(path);
        local.shared = ours.shared;
        local.reserve_bytes = ours.reserve_bytes;
        StorageKind::Local(local)
    };
    StorageSettings { kind }
}

fn s3(settings: &Settings, bucket: &str) -> S3Settings {
    let ours = settings.storage.s3.clone();
    let mut s3 = S3Settings::new(bucket);
    s3.prefix = ours.prefix;
    s3.endpoint = ours.endpoint;
    s3.public_endpoint = ours.public_endpoint;
    s3.region = ours.region;
    s3.access_key = ours.access_key;
    s3.secret_key = ours.secret_key.map(|key| Secret::new(key.reveal()));
    s3.path_style = ours.path_style;
    s3.redirect = ours.redirect;
    s3.redirect_expiry = Duration::from_secs(ours.redirect_expiry_seconds);
    s3.max_active_uploads = ours.max_active_uploads;
    s3.request_timeout = Duration::from_secs(ours.request_timeout_seconds);
    // Whoever waits for a store that hangs is told so after three of these.
    s3.retry_timeout = 2 * s3.request_timeout;
    s3
}

/// Uploads and blobs.
pub fn content(settings: &Settings) -> ContentSettings {
    let ours = &settings.uploads;
    ContentSettings {
        lease: hours(ours.lease_hours),
        upload_expiry: Duration::from_secs(ours.expiry_hours.saturating_mul(3600)),
        max_uploads: ours.max_open,
        max_active_uploads: ours.max_active,
        max_blob_bytes: ours.max_blob_bytes,
        ..ContentSettings::default()
    }
}

/// Users, robots, tokens.
pub fn identity(settings: &Settings) -> IdentitySettings {
    let ours = settings.auth.clone();
    IdentitySettings {
        project_creation: match ours.project_creation_restriction {
            ProjectCreation::Everyone => seawall_identity::ProjectCreation::Everyone,
            ProjectCreation::AdminOnly => seawall_identity::ProjectCreation::AdminOnly,
        },
        self_registration: ours.self_registration,
        robot_token_duration_days: ours.robot_token_duration_days,
        robot_name_prefix: ours.robot_name_prefix,
        token_expiration: Duration::from_secs(ours.token_expiration_minutes.saturating_mul(60)),
        ..IdentitySettings::new(KeySource::File(encryption_key_file(settings)))
    }
}

/// The audit log.
pub fn audit(settings: &Settings) -> AuditSettings {
    AuditSettings {
        pulls_wait: settings.audit.pulls_wait,
        ..AuditSettings::default()
    }
}

/// Projects and what is in them.
pub fn registry(settings: &Settings) -> RegistrySettings {
    RegistrySettings {
        storage_per_project: settings.quota.storage_per_project_bytes,
        sparse_images: settings.manifests.sparse_images,
        ..RegistrySettings::default()
    }
}

/// Collections, comparisons, and their schedules.
pub fn maintenance(settings: &Settings) -> MaintenanceSettings {
    let ours = &settings.collection;
    MaintenanceSettings {
        collect_daily: ours.daily,
        collection: CollectionSettings {
            time_window: hours(ours.time_window_hours),
            trash_grace: hours(ours.trash_grace_hours),
            workers: ours.workers,
            blobs_per_second: ours.blobs_per_second,
        },
        scrub_weekly: ours.scrub_weekly,
        scrub: ScrubSettings {
            read_bytes_per_second: Some(ours.scrub_bytes_per_second).filter(|rate| *rate > 0),
            ..ScrubSettings::default()
        },
        ..MaintenanceSettings::default()
    }
}

/// The settings are checked to be within a million hours.
fn hours(count: f64) -> Duration {
    Duration::try_from_secs_f64(count * 3600.0).unwrap_or(Duration::MAX)
}

/// The file of the key that encrypts stored secrets.
pub fn encryption_key_file(settings: &Settings) -> PathBuf {
    settings
        .keys
        .encryption_key_file
        .clone()
        .unwrap_or_else(|| settings.data_dir.join("keys").join("encryption.key"))
}
