//! What clients ask of the server through objects: downloads, deletions, its status.
//!
//! Source: Velero 1.18.3 `download_request_types.go`, `delete_backup_request_types.go`,
//! `server_status_request_types.go`.

use serde::{Deserialize, Serialize};

use super::{Resource, open_enum, unset};
use crate::time::Time;

/// A `DownloadRequest` with its metadata.
pub type DownloadRequest = Resource<DownloadRequestSpec, DownloadRequestStatus>;
/// A `DeleteBackupRequest` with its metadata.
pub type DeleteBackupRequest = Resource<DeleteBackupRequestSpec, DeleteBackupRequestStatus>;
/// A `ServerStatusRequest` with its metadata.
pub type ServerStatusRequest = Resource<ServerStatusRequestSpec, ServerStatusRequestStatus>;

/// What to download.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DownloadRequestSpec {
    /// The file.
    pub target: DownloadTarget,
}

/// A file of a backup or a restore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DownloadTarget {
    /// Which of its files.
    pub kind: DownloadTargetKind,
    /// Name of the backup or restore.
    pub name: String,
}

open_enum! {
    /// A kind of file.
    pub enum DownloadTargetKind {
        /// Log of a backup.
        BackupLog = "BackupLog",
        /// Archive of a backup.
        BackupContents = "BackupContents",
        /// Native snapshots of a backup.
        BackupVolumeSnapshots = "BackupVolumeSnapshots",
        /// Operations of plugins of a backup.
        BackupItemOperations = "BackupItemOperations",
        /// List of what a backup holds.
        BackupResourceList = "BackupResourceList",
        /// Warnings and errors of a backup.
        BackupResults = "BackupResults",
        /// Log of a restore.
        RestoreLog = "RestoreLog",
        /// Warnings and errors of a restore.
        RestoreResults = "RestoreResults",
        /// List of what a restore did.
        RestoreResourceList = "RestoreResourceList",
        /// Operations of plugins of a restore.
        RestoreItemOperations = "RestoreItemOperations",
        /// CSI snapshots of a backup.
        CsiBackupVolumeSnapshots = "CSIBackupVolumeSnapshots",
        /// Contents of CSI snapshots.
        CsiBackupVolumeSnapshotContents = "CSIBackupVolumeSnapshotContents",
        /// What became of each volume in a backup.
        BackupVolumeInfos = "BackupVolumeInfos",
        /// What became of each volume in a restore.
        RestoreVolumeInfo = "RestoreVolumeInfo",
    }
}

open_enum! {
    /// How far a request is.
    pub enum RequestPhase {
        /// Not yet looked at.
        New = "New",
        /// Being worked on: deletions only.
        InProgress = "InProgress",
        /// Done.
        Processed = "Processed",
    }
}

/// Where to download it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DownloadRequestStatus {
    /// How far the request is.
    #[serde(skip_serializing_if = "unset")]
    pub phase: RequestPhase,
    /// Address that needs no credentials.
    #[serde(rename = "downloadURL", skip_serializing_if = "String::is_empty")]
    pub download_url: String,
    /// When the address stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Time>,
}

/// Which backup to delete.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeleteBackupRequestSpec {
    /// Its name.
    pub backup_name: String,
}

/// How far a deletion is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeleteBackupRequestStatus {
    /// How far the request is.
    #[serde(skip_serializing_if = "unset")]
    pub phase: RequestPhase,
    /// What could not be deleted, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// Nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerStatusRequestSpec {}

/// What the server is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerStatusRequestStatus {
    /// How far the request is.
    #[serde(skip_serializing_if = "unset")]
    pub phase: RequestPhase,
    /// When it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_timestamp: Option<Time>,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server_version: String,
    /// What it can do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<PluginInfo>,
}

/// One thing that the server can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
}
