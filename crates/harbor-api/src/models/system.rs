//! Facts of the system: health, version, volumes. Operations: `handlers/system.rs`, `handlers/health.rs`.

use seawall_database::Timestamp;
use serde::Serialize;

/// Harbor's `OverallHealthStatus`.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// `healthy` when every component is.
    pub status: &'static str,
    /// The parts.
    pub components: Vec<ComponentHealth>,
}

/// Harbor's `ComponentHealthStatus`.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentHealth {
    /// For example `database`.
    pub name: &'static str,
    /// `healthy` or `unhealthy`.
    pub status: &'static str,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `GET /api/version`: by this, clients know which API is there.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ApiVersion {
    /// `v2.0`.
    pub version: &'static str,
}

/// Harbor's `GeneralInfo`. What anyone sees is always there; the rest only for those who are logged in.
#[derive(Clone, Debug, Serialize)]
pub struct GeneralInfo {
    /// How users log in: `db_auth`.
    pub auth_mode: &'static str,
    /// Whether log-in goes straight to the directory.
    pub primary_auth_mode: bool,
    /// Whether visitors may make accounts for themselves.
    pub self_registration: bool,
    /// A message for every page.
    pub banner_message: &'static str,
    /// What only those see who are logged in.
    #[serde(flatten)]
    pub private: Option<PrivateInfo>,
}

/// The part of [`GeneralInfo`] for those who are logged in.
#[derive(Clone, Debug, Serialize)]
pub struct PrivateInfo {
    /// Harbor's version that this API is that of, in Harbor's form: clients read it.
    pub harbor_version: String,
    /// Seawall's own version.
    pub seawall_version: &'static str,
    /// Where clients reach us.
    pub external_url: String,
    /// The name before every repository's.
    pub registry_url: String,
    /// Whether a certificate can be had from `/systeminfo/getcert`.
    pub has_ca_root: bool,
    /// Whether only reading is possible.
    pub read_only: bool,
    /// Our clock.
    pub current_time: Timestamp,
    /// Who may create projects: `everyone` or `adminonly`.
    pub project_creation_restriction: &'static str,
    /// Where blobs are, for example `filesystem` or `s3`.
    pub registry_storage_provider_name: String,
    /// Whether webhooks are sent.
    pub notification_enable: bool,
}

/// Harbor's `SystemInfo`.
#[derive(Clone, Debug, Serialize)]
pub struct SystemVolumes {
    /// The volumes.
    pub storage: Vec<Volume>,
}

/// Harbor's `Storage`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Volume {
    /// Bytes in all.
    pub total: u64,
    /// Bytes that are free.
    pub free: u64,
}
