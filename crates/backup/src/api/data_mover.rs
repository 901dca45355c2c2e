//! Snapshots moved to the bucket and back.
//!
//! Source: Velero 1.18.3 `pkg/apis/velero/v2alpha1`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DataMoveProgress, Resource, VolumePhase, open_enum, unset};
use crate::duration::Duration;
use crate::time::Time;

/// A `DataUpload` with its metadata.
pub type DataUpload = Resource<DataUploadSpec, DataUploadStatus>;
/// A `DataDownload` with its metadata.
pub type DataDownload = Resource<DataDownloadSpec, DataDownloadStatus>;

open_enum! {
    /// What runs on a node.
    pub enum NodeOs {
        /// Linux.
        Linux = "linux",
        /// Windows.
        Windows = "windows",
        /// Whatever the volume needs.
        Auto = "auto",
    }
}

/// A snapshot to be moved to the bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataUploadSpec {
    /// `CSI`.
    pub snapshot_type: String,
    /// The snapshot.
    pub csi_snapshot: Option<CsiSnapshotSpec>,
    /// The claim whose volume it is of.
    #[serde(rename = "sourcePVC")]
    pub source_pvc: String,
    /// Who moves it; empty or `velero` for the built-in one.
    #[serde(rename = "datamover", skip_serializing_if = "String::is_empty")]
    pub data_mover: String,
    /// Where it goes.
    pub backup_storage_location: String,
    /// Namespace of the claim.
    pub source_namespace: String,
    /// Settings of who moves it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data_mover_config: BTreeMap<String, String>,
    /// Whether to stop.
    #[serde(skip_serializing_if = "unset")]
    pub cancel: bool,
    /// How long a step may take.
    pub operation_timeout: Duration,
}

/// A snapshot of the CSI.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CsiSnapshotSpec {
    /// Name of the `VolumeSnapshot`.
    pub volume_snapshot: String,
    /// Class of the volume.
    pub storage_class: String,
    /// Class of the snapshot.
    pub snapshot_class: String,
    /// The driver.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub driver: String,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataUploadStatus {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: VolumePhase,
    /// Path of the volume on the node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The snapshot made.
    #[serde(rename = "snapshotID", skip_serializing_if = "String::is_empty")]
    pub snapshot_id: String,
    /// What the mover wants back at a restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_mover_result: Option<BTreeMap<String, String>>,
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
    /// Node that moves it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// What runs on the node.
    #[serde(rename = "nodeOS", skip_serializing_if = "unset")]
    pub node_os: NodeOs,
    /// Node that took it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub accepted_by_node: String,
    /// When it took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_timestamp: Option<Time>,
}

/// What a restore needs to know of an upload: the text of a `ConfigMap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataUploadResult {
    /// Where the data is.
    pub backup_storage_location: String,
    /// Who moves it.
    #[serde(rename = "datamover", skip_serializing_if = "String::is_empty")]
    pub data_mover: String,
    /// The snapshot.
    #[serde(rename = "snapshotID", skip_serializing_if = "String::is_empty")]
    pub snapshot_id: String,
    /// Namespace of the claim.
    pub source_namespace: String,
    /// What the mover wants back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_mover_result: Option<BTreeMap<String, String>>,
    /// What the volume needs to run on.
    #[serde(rename = "nodeOS", skip_serializing_if = "unset")]
    pub node_os: NodeOs,
    /// Bytes of the snapshot.
    #[serde(skip_serializing_if = "unset")]
    pub snapshot_size: i64,
}

/// A snapshot to be moved back to a volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataDownloadSpec {
    /// The volume.
    pub target_volume: TargetVolumeSpec,
    /// Where the data is.
    pub backup_storage_location: String,
    /// Who moves it; empty or `velero` for the built-in one.
    #[serde(rename = "datamover", skip_serializing_if = "String::is_empty")]
    pub data_mover: String,
    /// The snapshot.
    #[serde(rename = "snapshotID")]
    pub snapshot_id: String,
    /// Namespace of the claim it is of.
    pub source_namespace: String,
    /// Settings of who moves it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data_mover_config: BTreeMap<String, String>,
    /// Whether to stop.
    #[serde(skip_serializing_if = "unset")]
    pub cancel: bool,
    /// How long a step may take.
    pub operation_timeout: Duration,
    /// What the volume needs to run on.
    #[serde(rename = "nodeOS", skip_serializing_if = "unset")]
    pub node_os: NodeOs,
    /// Bytes of the snapshot.
    #[serde(skip_serializing_if = "unset")]
    pub snapshot_size: i64,
}

/// The volume that data goes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetVolumeSpec {
    /// The claim.
    pub pvc: String,
    /// The volume.
    pub pv: String,
    /// Namespace of the claim.
    pub namespace: String,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataDownloadStatus {
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
    /// Node that moves it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// Node that took it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub accepted_by_node: String,
    /// When it took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_timestamp: Option<Time>,
}
