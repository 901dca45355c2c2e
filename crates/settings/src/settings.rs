//! The settings as the program reads them. What each means stands in `table.rs`, once.
#![allow(
    missing_docs,
    reason = "the table documents every field, for people and for this code"
)]

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

use crate::secret::Secret;

/// All settings, with every default filled in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub external_url: Option<String>,
    pub admin_password: Option<Secret>,
    pub read_only: bool,
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    pub tls: TlsSettings,
    pub database: DatabaseSettings,
    pub storage: StorageSettings,
    pub uploads: UploadSettings,
    pub keys: KeySettings,
    pub auth: AuthSettings,
    pub quota: QuotaSettings,
    pub manifests: ManifestSettings,
    pub collection: CollectionSettings,
    pub jobs: JobSettings,
    pub audit: AuditSettings,
    pub limits: LimitSettings,
    pub log: LogSettings,
    pub metrics: MetricsSettings,
    pub telemetry: TelemetrySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("./seawall-data"),
            external_url: None,
            admin_password: None,
            read_only: false,
            trusted_proxies: Vec::new(),
            tls: TlsSettings::default(),
            database: DatabaseSettings::default(),
            storage: StorageSettings::default(),
            uploads: UploadSettings::default(),
            keys: KeySettings::default(),
            auth: AuthSettings::default(),
            quota: QuotaSettings::default(),
            manifests: ManifestSettings::default(),
            collection: CollectionSettings::default(),
            jobs: JobSettings::default(),
            audit: AuditSettings::default(),
            limits: LimitSettings::default(),
            log: LogSettings::default(),
            metrics: MetricsSettings::default(),
            telemetry: TelemetrySettings::default(),
        }
    }
}

/// `tls.*`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub ca_cert: Option<PathBuf>,
}

/// `database.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: Option<Secret>,
    pub max_connections: Option<u32>,
    pub acquire_timeout_seconds: u64,
    pub statement_timeout_seconds: u64,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        DatabaseSettings {
            url: None,
            max_connections: None,
            acquire_timeout_seconds: 10,
            statement_timeout_seconds: 60,
        }
    }
}

/// `storage.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageSettings {
    pub path: Option<PathBuf>,
    pub shared: bool,
    pub reserve_bytes: u64,
    pub s3: S3Settings,
}

impl Default for StorageSettings {
    fn default() -> Self {
        StorageSettings {
            path: None,
            shared: false,
            reserve_bytes: 256 << 20,
            s3: S3Settings::default(),
        }
    }
}

/// `storage.s3.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Settings {
    pub bucket: Option<String>,
    pub prefix: String,
    pub endpoint: Option<String>,
    pub public_endpoint: Option<String>,
    pub region: String,
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    pub path_style: bool,
    pub redirect: bool,
    pub redirect_expiry_seconds: u64,
    pub max_active_uploads: usize,
    pub request_timeout_seconds: u64,
}

impl Default for S3Settings {
    fn default() -> Self {
        S3Settings {
            bucket: None,
            prefix: String::new(),
            endpoint: None,
            public_endpoint: None,
            region: "us-east-1".to_owned(),
            access_key: None,
            secret_key: None,
            path_style: true,
            redirect: false,
            redirect_expiry_seconds: 1200,
            max_active_uploads: 64,
            request_timeout_seconds: 15,
        }
    }
}

/// `uploads.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UploadSettings {
    pub expiry_hours: u64,
    pub lease_hours: f64,
    pub max_open: usize,
    pub max_active: usize,
    pub max_blob_bytes: u64,
}

impl Default for UploadSettings {
    fn default() -> Self {
        UploadSettings {
            expiry_hours: 24,
            lease_hours: 24.0,
            max_open: 10_000,
            max_active: 512,
            max_blob_bytes: 1 << 40,
        }
    }
}

/// `keys.*`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySettings {
    pub encryption_key_file: Option<PathBuf>,
}

/// Who may create projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectCreation {
    #[default]
    Everyone,
    AdminOnly,
}

/// `auth.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    pub project_creation_restriction: ProjectCreation,
    pub self_registration: bool,
    pub token_expiration_minutes: u64,
    pub robot_token_duration_days: i64,
    pub robot_name_prefix: String,
}

impl Default for AuthSettings {
    fn default() -> Self {
        AuthSettings {
            project_creation_restriction: ProjectCreation::Everyone,
            self_registration: false,
            token_expiration_minutes: 30,
            robot_token_duration_days: 30,
            robot_name_prefix: "robot$".to_owned(),
        }
    }
}

/// `quota.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSettings {
    pub storage_per_project_bytes: i64,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        QuotaSettings {
            storage_per_project_bytes: -1,
        }
    }
}

/// `manifests.*`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestSettings {
    pub sparse_images: bool,
}

/// `collection.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectionSettings {
    pub daily: bool,
    pub time_window_hours: f64,
    pub trash_grace_hours: f64,
    pub workers: usize,
    pub blobs_per_second: Option<u32>,
    pub scrub_weekly: bool,
    pub scrub_bytes_per_second: u64,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        CollectionSettings {
            daily: true,
            time_window_hours: 2.0,
            trash_grace_hours: 24.0,
            workers: 2,
            blobs_per_second: None,
            scrub_weekly: true,
            scrub_bytes_per_second: 16 << 20,
        }
    }
}

/// Who runs the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobWorkers {
    /// So many workers in this process.
    Embedded(u32),
    /// Other processes.
    External,
}

/// `jobs.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobSettings {
    #[serde(deserialize_with = "workers")]
    pub workers: JobWorkers,
    pub redis_url: Option<Secret>,
    pub redis_namespace: String,
    pub log_days: u32,
}

impl Default for JobSettings {
    fn default() -> Self {
        JobSettings {
            workers: JobWorkers::Embedded(10),
            redis_url: None,
            redis_namespace: "harbor_job_service_namespace".to_owned(),
            log_days: 30,
        }
    }
}

/// `audit.*`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    pub pulls_wait: bool,
}

/// `limits.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    pub max_connections: Option<usize>,
    pub max_connections_per_address: usize,
    pub max_header_bytes: usize,
    pub header_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub stall_timeout_seconds: u64,
    pub min_body_bytes_per_second: u64,
    pub drain_timeout_seconds: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        LimitSettings {
            max_connections: None,
            max_connections_per_address: 4096,
            max_header_bytes: 64 << 10,
            header_timeout_seconds: 20,
            idle_timeout_seconds: 120,
            stall_timeout_seconds: 120,
            min_body_bytes_per_second: 1024,
            drain_timeout_seconds: 30,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// `log.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    pub level: String,
    pub format: LogFormat,
    pub access: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        LogSettings {
            level: "info".to_owned(),
            format: LogFormat::Text,
            access: true,
        }
    }
}

/// `metrics.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    pub enabled: bool,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        MetricsSettings { enabled: true }
    }
}

/// `telemetry.*`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    pub otlp_endpoint: Option<String>,
    pub service_name: String,
    pub sample_ratio: f64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        TelemetrySettings {
            otlp_endpoint: None,
            service_name: "seawall".to_owned(),
            sample_ratio: 1.0,
        }
    }
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| crate::field::parse_network(text).map_err(serde::de::Error::custom))
        .collect()
}

/// A number, or `external`.
fn workers<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<JobWorkers, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(u32),
        Word(String),
    }
    match Given::deserialize(deserializer)? {
        Given::Number(number) => Ok(JobWorkers::Embedded(number)),
        Given::Word(word) => crate::field::parse_workers(&word).map_err(serde::de::Error::custom),
    }
}
