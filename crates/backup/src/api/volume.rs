//! Volumes of pods backed up as files, and repositories of such data.
//!
//! Source: Velero 1.18.3 `backup_repository_types.go`, `pod_volume_backup_types.go`,
//! `pod_volume_restore_type.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metadata::ObjectReference;
use super::{DataMoveProgress, Resource, VolumePhase, open_enum, unset};
use crate::duration::Duration;
use crate::time::Time;

/// A `BackupRepository` with its metadata.
pub type BackupRepository = Resource<BackupRepositorySpec, BackupRepositoryStatus>;
/// A `PodVolumeBackup` with its metadata.
pub type PodVolumeBackup = Resource<PodVolumeBackupSpec, PodVolumeBackupStatus>;
/// A `PodVolumeRestore` with its metadata.
pub type PodVolumeRestore = Resource<PodVolumeRestoreSpec, PodVolumeRestoreStatus>;

/// A repository of volumes' data, one for each namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupRepositorySpec {
    /// Namespace whose volumes it holds.
    pub volume_namespace: String,
    /// Where it is kept.
    pub backup_storage_location: String,
    /// `kopia` or `restic`.
    pub repository_type: String,
    /// Address of a restic repository.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub restic_identifier: String,
    /// How often it is maintained.
    pub maintenance_frequency: Duration,
    /// Its settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub repository_config: BTreeMap<String, String>,
}

open_enum! {
    /// Whether a repository can be used.
    pub enum RepositoryPhase {
        /// Not yet looked at.
        New = "New",
        /// It can.
        Ready = "Ready",
        /// It cannot.
        NotReady = "NotReady",
    }
}

open_enum! {
    /// How a maintenance ended.
    pub enum MaintenanceResult {
        /// Well.
        Succeeded = "Succeeded",
        /// Not well.
        Failed = "Failed",
    }
}

/// Whether a repository can be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupRepositoryStatus {
    /// Whether it can.
    #[serde(skip_serializing_if = "unset")]
    pub phase: RepositoryPhase,
    /// Why it cannot.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it was last maintained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_maintenance_time: Option<Time>,
    /// How the last ones ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_maintenance: Vec<RecentMaintenance>,
}

/// One maintenance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RecentMaintenance {
    /// How it ended.
    #[serde(skip_serializing_if = "unset")]
    pub result: MaintenanceResult,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_timestamp: Option<Time>,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// A volume of a pod, to be backed up as files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodVolumeBackupSpec {
    /// Node on which the pod runs.
    pub node: String,
    /// The pod.
    pub pod: ObjectReference,
    /// The volume's name within the pod.
    pub volume: String,
    /// Where its data goes.
    pub backup_storage_location: String,
    /// Address of the repository.
    pub repo_identifier: String,
    /// `kopia` or `restic`.
    pub uploader_type: String,
    /// Tags of the snapshot.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Settings of the uploader.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub uploader_settings: BTreeMap<String, String>,
    /// Whether to stop.
    #[serde(skip_serializing_if = "unset")]
    pub cancel: bool,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodVolumeBackupStatus {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: VolumePhase,
    /// Path of the volume on the node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The snapshot made.
    #[serde(rename = "snapshotID", skip_serializing_if = "String::is_empty")]
    pub snapshot_id: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Bytes so far.
    pub progress: DataMoveProgress,
    /// Bytes that were not there before.
    #[serde(skip_serializing_if = "unset")]
    pub incremental_bytes: i64,
    /// When a node took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_timestamp: Option<Time>,
}

/// A volume of a pod, to be restored from files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodVolumeRestoreSpec {
    /// The pod.
    pub pod: ObjectReference,
    /// The volume's name within the pod.
    pub volume: String,
    /// Where its data is.
    pub backup_storage_location: String,
    /// Address of the repository.
    pub repo_identifier: String,
    /// `kopia` or `restic`.
    pub uploader_type: String,
    /// The snapshot.
    #[serde(rename = "snapshotID")]
    pub snapshot_id: String,
    /// Namespace whose volume it was.
    pub source_namespace: String,
    /// Settings of the uploader.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub uploader_settings: BTreeMap<String, String>,
    /// Whether to stop.
    #[serde(skip_serializing_if = "unset")]
    pub cancel: bool,
    /// Bytes of the snapshot.
    #[serde(skip_serializing_if = "unset")]
    pub snapshot_size: i64,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodVolumeRestoreStatus {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: VolumePhase,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Bytes so far.
    pub progress: DataMoveProgress,
    /// When a node took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_timestamp: Option<Time>,
    /// The node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
}
