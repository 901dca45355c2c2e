//! Where backups and native snapshots are kept.
//!
//! Source: Velero 1.18.3 `backupstoragelocation_types.go`, `volume_snapshot_location_type.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metadata::SecretKeySelector;
use super::{Resource, open_enum, unset};
use crate::duration::Duration;
use crate::time::Time;

/// A `BackupStorageLocation` with its metadata.
pub type BackupStorageLocation = Resource<BackupStorageLocationSpec, BackupStorageLocationStatus>;
/// A `VolumeSnapshotLocation` with its metadata.
pub type VolumeSnapshotLocation =
    Resource<VolumeSnapshotLocationSpec, VolumeSnapshotLocationStatus>;

/// A bucket and how to reach it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupStorageLocationSpec {
    /// Whose interface it has.
    pub provider: String,
    /// Settings of the provider.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// Where its credentials are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretKeySelector>,
    /// The bucket.
    pub object_storage: Option<ObjectStorageLocation>,
    /// Whether backups that name none go here.
    #[serde(skip_serializing_if = "unset")]
    pub default: bool,
    /// Whether it may be written.
    #[serde(skip_serializing_if = "unset")]
    pub access_mode: AccessMode,
    /// How often backups are looked for in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_sync_period: Option<Duration>,
    /// How often it is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_frequency: Option<Duration>,
}

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectStorageLocation {
    /// Its name.
    pub bucket: String,
    /// Folder within it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Certificates to trust: PEM, in base64.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ca_cert: String,
    /// Secret with certificates to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_cert_ref: Option<SecretKeySelector>,
}

open_enum! {
    /// Whether a location may be written.
    pub enum AccessMode {
        /// Backups can only be restored.
        ReadOnly = "ReadOnly",
        /// Backups can be made, restored and deleted.
        ReadWrite = "ReadWrite",
    }
}

open_enum! {
    /// Whether a location answers.
    pub enum LocationPhase {
        /// It answers.
        Available = "Available",
        /// It does not.
        Unavailable = "Unavailable",
    }
}

/// Whether a location answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupStorageLocationStatus {
    /// Whether it answers.
    #[serde(skip_serializing_if = "unset")]
    pub phase: LocationPhase,
    /// When backups were last looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synced_time: Option<Time>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_validation_time: Option<Time>,
    /// Why it does not answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Kept for old objects.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_synced_revision: String,
    /// Kept for old objects.
    #[serde(skip_serializing_if = "unset")]
    pub access_mode: AccessMode,
}

/// A provider of native snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeSnapshotLocationSpec {
    /// Its name.
    pub provider: String,
    /// Its settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// Where its credentials are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretKeySelector>,
}

/// Whether a provider of snapshots answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeSnapshotLocationStatus {
    /// Whether it answers.
    #[serde(skip_serializing_if = "unset")]
    pub phase: LocationPhase,
}
