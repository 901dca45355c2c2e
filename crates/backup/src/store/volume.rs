//! What became of each volume: `NAME-volumeinfo.json.gz`.
//!
//! Some names begin with a capital because Go's struct has no tag there.
//! Source: Velero 1.18.3 `internal/volume/volumes_information.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::snapshot::{NativeSnapshot, SnapshotPhase};
use crate::api::volume::PodVolumeBackup;
use crate::api::{VolumePhase, open_enum, unset};
use crate::time::Time;

open_enum! {
    /// How a volume is backed up or restored.
    pub enum VolumeMethod {
        /// By a snapshot of its provider.
        NativeSnapshot = "NativeSnapshot",
        /// As files, from a pod.
        PodVolumeBackup = "PodVolumeBackup",
        /// By a snapshot of its CSI driver.
        CsiSnapshot = "CSISnapshot",
        /// As files, into a pod.
        PodVolumeRestore = "PodVolumeRestore",
    }
}

open_enum! {
    /// Whether a volume was backed up.
    pub enum VolumeResult {
        /// It was.
        Succeeded = "succeeded",
        /// It could not be.
        Failed = "failed",
    }
}

/// What became of a volume in a backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupVolume {
    /// The claim.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pvc_name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pvc_namespace: String,
    /// The volume.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pv_name: String,
    /// How it was backed up.
    #[serde(skip_serializing_if = "unset")]
    pub backup_method: VolumeMethod,
    /// Whether the snapshot went to the bucket.
    pub snapshot_data_moved: bool,
    /// Whether the snapshot stays where it was made.
    pub preserve_local_snapshot: bool,
    /// Whether it was left out.
    pub skipped: bool,
    /// Why it was left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub skipped_reason: String,
    /// When its backup started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When its backup ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Whether it was backed up.
    #[serde(skip_serializing_if = "unset")]
    pub result: VolumeResult,
    /// Its CSI snapshot.
    #[serde(rename = "csiSnapshotInfo", skip_serializing_if = "Option::is_none")]
    pub csi_snapshot: Option<CsiSnapshot>,
    /// The move to the bucket.
    #[serde(
        rename = "snapshotDataMovementInfo",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_movement: Option<DataMovement>,
    /// Its native snapshot.
    #[serde(rename = "nativeSnapshotInfo", skip_serializing_if = "Option::is_none")]
    pub native_snapshot: Option<NativeVolumeSnapshot>,
    /// Its backup as files.
    #[serde(rename = "pvbInfo", skip_serializing_if = "Option::is_none")]
    pub pod_volume: Option<PodVolume>,
    /// What a new volume must be given again.
    #[serde(rename = "pvInfo", skip_serializing_if = "Option::is_none")]
    pub persistent_volume: Option<PersistentVolumeFacts>,
}

/// What became of a volume in a restore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreVolume {
    /// The claim.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pvc_name: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pvc_namespace: String,
    /// The volume.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pv_name: String,
    /// How it was restored.
    #[serde(skip_serializing_if = "unset")]
    pub restore_method: VolumeMethod,
    /// Whether the data came from the bucket.
    pub snapshot_data_moved: bool,
    /// Its CSI snapshot.
    #[serde(rename = "csiSnapshotInfo", skip_serializing_if = "Option::is_none")]
    pub csi_snapshot: Option<CsiSnapshot>,
    /// The move from the bucket.
    #[serde(
        rename = "snapshotDataMovementInfo",
        skip_serializing_if = "Option::is_none"
    )]
    pub data_movement: Option<DataMovement>,
    /// Its native snapshot.
    #[serde(rename = "nativeSnapshotInfo", skip_serializing_if = "Option::is_none")]
    pub native_snapshot: Option<NativeVolumeSnapshot>,
    /// Its restore as files.
    #[serde(rename = "pvrInfo", skip_serializing_if = "Option::is_none")]
    pub pod_volume: Option<PodVolume>,
}

/// A snapshot of a CSI driver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiSnapshot {
    /// The driver's name of it.
    pub snapshot_handle: String,
    /// Bytes.
    pub size: i64,
    /// The driver.
    pub driver: String,
    /// The `VolumeSnapshotContent`.
    pub vsc_name: String,
    /// The operation that made it.
    #[serde(rename = "operationID", skip_serializing_if = "String::is_empty")]
    pub operation_id: String,
    /// Whether it can be restored from.
    #[serde(rename = "ReadyToUse")]
    pub ready_to_use: Option<bool>,
    /// The driver's name of the group's snapshot.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub volume_group_snapshot_handle: String,
}

/// The move of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataMovement {
    /// Who moved it.
    pub data_mover: String,
    /// The uploader.
    pub uploader_type: String,
    /// The snapshot that stays.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub retained_snapshot: String,
    /// The snapshot in the bucket.
    pub snapshot_handle: String,
    /// The operation that moved it.
    #[serde(rename = "operationID")]
    pub operation_id: String,
    /// Bytes.
    pub size: i64,
    /// Bytes that were not there before.
    #[serde(skip_serializing_if = "unset")]
    pub incremental_size: i64,
    /// How it ended.
    #[serde(rename = "Phase")]
    pub phase: VolumePhase,
}

/// A snapshot of a provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NativeVolumeSnapshot {
    /// The provider's name of it.
    pub snapshot_handle: String,
    /// The provider's type of the volume.
    pub volume_type: String,
    /// Zone of the volume.
    #[serde(rename = "volumeAZ")]
    pub volume_az: String,
    /// Operations a second, as a text.
    pub iops: String,
    /// Whether it was made.
    #[serde(rename = "Phase")]
    pub phase: SnapshotPhase,
}

/// A volume backed up as files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodVolume {
    /// The snapshot in the repository.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub snapshot_handle: String,
    /// Bytes.
    #[serde(skip_serializing_if = "unset")]
    pub size: i64,
    /// Bytes that were not there before.
    #[serde(skip_serializing_if = "unset")]
    pub incremental_size: i64,
    /// The uploader.
    pub uploader_type: String,
    /// The volume's name within the pod.
    pub volume_name: String,
    /// The pod.
    pub pod_name: String,
    /// Its namespace.
    pub pod_namespace: String,
    /// The node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node_name: String,
    /// How it ended.
    #[serde(rename = "Phase")]
    pub phase: VolumePhase,
}

/// What a volume made anew must be given again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PersistentVolumeFacts {
    /// What happens to it once nobody claims it.
    pub reclaim_policy: String,
    /// Its labels.
    pub labels: Option<BTreeMap<String, String>>,
}

impl From<&NativeSnapshot> for NativeVolumeSnapshot {
    fn from(snapshot: &NativeSnapshot) -> Self {
        Self {
            snapshot_handle: snapshot.status.provider_snapshot_id.clone(),
            volume_type: snapshot.spec.volume_type.clone(),
            volume_az: snapshot.spec.volume_az.clone(),
            iops: snapshot.spec.volume_iops.unwrap_or_default().to_string(),
            phase: snapshot.status.phase.clone(),
        }
    }
}

impl From<&PodVolumeBackup> for PodVolume {
    fn from(backup: &PodVolumeBackup) -> Self {
        Self {
            snapshot_handle: backup.status.snapshot_id.clone(),
            size: backup.status.progress.total_bytes,
            incremental_size: backup.status.incremental_bytes,
            uploader_type: backup.spec.uploader_type.clone(),
            volume_name: backup.spec.volume.clone(),
            pod_name: backup.spec.pod.name.clone(),
            pod_namespace: backup.spec.pod.namespace.clone(),
            node_name: backup.spec.node.clone(),
            phase: backup.status.phase.clone(),
        }
    }
}
