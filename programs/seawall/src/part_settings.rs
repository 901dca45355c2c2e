//! From the settings of the whole to the settings of each part.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use seawall_database::{DatabaseSettings, DatabaseUrl};
use seawall_settings::Settings;
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
    s3
}

/// The file of the key that encrypts stored secrets.
pub fn encryption_key_file(settings: &Settings) -> PathBuf {
    settings
        .keys
        .encryption_key_file
        .clone()
        .unwrap_or_else(|| settings.data_dir.join("keys").join("encryption.key"))
}
