//! Native snapshots of a backup: `NAME-volumesnapshots.json.gz`.
//!
//! Source: Velero 1.18.3 `internal/volume/native_snapshot.go`.

use serde::{Deserialize, Serialize};

use crate::api::{open_enum, unset};

/// A snapshot that a provider made of a volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NativeSnapshot {
    /// What was to be made.
    pub spec: NativeSnapshotSpec,
    /// What was made.
    pub status: NativeSnapshotStatus,
}

/// What was to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NativeSnapshotSpec {
    /// The backup.
    pub backup_name: String,
    /// Its identity.
    #[serde(rename = "backupUID")]
    pub backup_uid: String,
    /// The `VolumeSnapshotLocation`.
    pub location: String,
    /// The volume.
    pub persistent_volume_name: String,
    /// The provider's name of the volume.
    #[serde(rename = "providerVolumeID")]
    pub provider_volume_id: String,
    /// The provider's type of the volume.
    pub volume_type: String,
    /// Zone of the volume.
    #[serde(rename = "volumeAZ", skip_serializing_if = "String::is_empty")]
    pub volume_az: String,
    /// Operations a second that the volume was bought with.
    #[serde(rename = "volumeIOPS", skip_serializing_if = "Option::is_none")]
    pub volume_iops: Option<i64>,
}

open_enum! {
    /// Whether a snapshot was made.
    pub enum SnapshotPhase {
        /// Not yet.
        New = "New",
        /// It was.
        Completed = "Completed",
        /// It could not be.
        Failed = "Failed",
    }
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NativeSnapshotStatus {
    /// The provider's name of the snapshot.
    #[serde(
        rename = "providerSnapshotID",
        skip_serializing_if = "String::is_empty"
    )]
    pub provider_snapshot_id: String,
    /// Whether it was made.
    #[serde(skip_serializing_if = "unset")]
    pub phase: SnapshotPhase,
}
