//! A Backup: what to back up, and how far that is.
//!
//! Source: Velero 1.18.3 `pkg/apis/velero/v1/backup_types.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hook::BackupHooks;
use super::metadata::{LabelSelector, TypedLocalObjectReference};
use super::{HookStatus, Resource, open_enum, unset};
use crate::duration::Duration;
use crate::time::Time;

/// A Backup with its metadata.
pub type Backup = Resource<BackupSpec, BackupStatus>;

/// Metadata that a Schedule hands to its backups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupMetadata {
    /// Labels of the backups.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What to back up, how, where to, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupSpec {
    /// Metadata for backups of a Schedule.
    pub metadata: BackupMetadata,
    /// Namespaces to include; empty or `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_namespaces: Vec<String>,
    /// Namespaces to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_namespaces: Vec<String>,
    /// Resources to include; empty or `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_resources: Vec<String>,
    /// Resources to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_resources: Vec<String>,
    /// Resources of the cluster to include; `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_cluster_scoped_resources: Vec<String>,
    /// Resources of the cluster to leave out; `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_cluster_scoped_resources: Vec<String>,
    /// Resources of namespaces to include; `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_namespace_scoped_resources: Vec<String>,
    /// Resources of namespaces to leave out; `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_namespace_scoped_resources: Vec<String>,
    /// Labels that objects must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Selectors of which one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub or_label_selectors: Vec<LabelSelector>,
    /// Whether volumes are snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_volumes: Option<bool>,
    /// How long the backup is kept.
    pub ttl: Duration,
    /// Label that groups volumes for group snapshots.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub volume_group_snapshot_label_key: String,
    /// Whether resources of the cluster are included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_cluster_resources: Option<bool>,
    /// Commands to run in pods.
    pub hooks: BackupHooks,
    /// Name of the `BackupStorageLocation`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage_location: String,
    /// Names of `VolumeSnapshotLocations`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volume_snapshot_locations: Vec<String>,
    /// Old name of `default_volumes_to_fs_backup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_volumes_to_restic: Option<bool>,
    /// Whether volumes of pods are backed up as files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_volumes_to_fs_backup: Option<bool>,
    /// For a resource, names in the order to back them up.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ordered_resources: BTreeMap<String, String>,
    /// How long a CSI snapshot may take to become ready.
    pub csi_snapshot_timeout: Duration,
    /// How long operations of plugins may take.
    pub item_operation_timeout: Duration,
    /// `ConfigMap` with resource policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<TypedLocalObjectReference>,
    /// Whether snapshots are moved to the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_move_data: Option<bool>,
    /// Who moves them; empty or `velero` for the built-in one.
    #[serde(rename = "datamover", skip_serializing_if = "String::is_empty")]
    pub data_mover: String,
    /// Settings of the uploader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploader_config: Option<UploaderConfigForBackup>,
}

/// Settings of the uploader of files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UploaderConfigForBackup {
    /// How many files to upload at a time.
    #[serde(skip_serializing_if = "unset")]
    pub parallel_files_upload: i64,
}

open_enum! {
    /// Where a backup is in its life.
    pub enum BackupPhase {
        /// Created, not yet looked at.
        New = "New",
        /// Waits for its turn.
        Queued = "Queued",
        /// May start.
        ReadyToStart = "ReadyToStart",
        /// Asks for what cannot be done.
        FailedValidation = "FailedValidation",
        /// Items are being backed up.
        InProgress = "InProgress",
        /// Items are backed up, operations of plugins go on.
        WaitingForPluginOperations = "WaitingForPluginOperations",
        /// The same, with errors.
        WaitingForPluginOperationsPartiallyFailed = "WaitingForPluginOperationsPartiallyFailed",
        /// All operations ended, last items are being written.
        Finalizing = "Finalizing",
        /// The same, with errors.
        FinalizingPartiallyFailed = "FinalizingPartiallyFailed",
        /// Done without an error.
        Completed = "Completed",
        /// Done with errors.
        PartiallyFailed = "PartiallyFailed",
        /// Could not be done.
        Failed = "Failed",
        /// Is being deleted.
        Deleting = "Deleting",
    }
}

/// How far a backup is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupStatus {
    /// Major version of the format; 1.
    #[serde(skip_serializing_if = "unset")]
    pub version: i64,
    /// Version of the format; `1.1.0`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub format_version: String,
    /// When it may be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Time>,
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: BackupPhase,
    /// Place in the queue, from 1.
    #[serde(skip_serializing_if = "unset")]
    pub queue_position: i64,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<String>,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Native snapshots tried.
    #[serde(skip_serializing_if = "unset")]
    pub volume_snapshots_attempted: i64,
    /// Native snapshots made.
    #[serde(skip_serializing_if = "unset")]
    pub volume_snapshots_completed: i64,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failure_reason: String,
    /// Lines of the log at level warning.
    #[serde(skip_serializing_if = "unset")]
    pub warnings: i64,
    /// Lines of the log at level error.
    #[serde(skip_serializing_if = "unset")]
    pub errors: i64,
    /// Items so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<BackupProgress>,
    /// CSI snapshots tried.
    #[serde(skip_serializing_if = "unset")]
    pub csi_volume_snapshots_attempted: i64,
    /// CSI snapshots made.
    #[serde(skip_serializing_if = "unset")]
    pub csi_volume_snapshots_completed: i64,
    /// Operations of plugins begun.
    #[serde(skip_serializing_if = "unset")]
    pub backup_item_operations_attempted: i64,
    /// Operations of plugins that succeeded.
    #[serde(skip_serializing_if = "unset")]
    pub backup_item_operations_completed: i64,
    /// Operations of plugins that failed.
    #[serde(skip_serializing_if = "unset")]
    pub backup_item_operations_failed: i64,
    /// Hooks run and failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_status: Option<HookStatus>,
}

/// Items of a backup so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupProgress {
    /// Items that there are to back up, as far as known.
    #[serde(skip_serializing_if = "unset")]
    pub total_items: i64,
    /// Items written.
    #[serde(skip_serializing_if = "unset")]
    pub items_backed_up: i64,
}
