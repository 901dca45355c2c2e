//! A Restore: what to restore from which backup, and how far that is.
//!
//! Source: Velero 1.18.3 `pkg/apis/velero/v1/restore_types.go`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hook::RestoreHooks;
use super::metadata::{LabelSelector, TypedLocalObjectReference};
use super::{HookStatus, Resource, open_enum, unset};
use crate::duration::Duration;
use crate::time::Time;

/// A Restore with its metadata.
pub type Restore = Resource<RestoreSpec, RestoreStatus>;

/// What to restore, from where, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreSpec {
    /// The backup; or
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backup_name: String,
    /// the schedule whose newest completed backup it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub schedule_name: String,
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
    /// Namespaces that are restored under another name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespace_mapping: BTreeMap<String, String>,
    /// Labels that objects must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Selectors of which one must match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub or_label_selectors: Vec<LabelSelector>,
    /// Whether volumes are restored from snapshots.
    #[serde(rename = "restorePVs", skip_serializing_if = "Option::is_none")]
    pub restore_pvs: Option<bool>,
    /// Resources whose status is restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_status: Option<RestoreStatusSpec>,
    /// Whether Services keep their node ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_node_ports: Option<bool>,
    /// Whether resources of the cluster are included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_cluster_resources: Option<bool>,
    /// Commands to run in pods.
    pub hooks: RestoreHooks,
    /// What to do with objects that are there already.
    #[serde(skip_serializing_if = "unset")]
    pub existing_resource_policy: ExistingResourcePolicy,
    /// How long operations of plugins may take.
    pub item_operation_timeout: Duration,
    /// `ConfigMap` with changes to make to objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_modifier: Option<TypedLocalObjectReference>,
    /// `ConfigMap` with resource policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<TypedLocalObjectReference>,
    /// Settings of the uploader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploader_config: Option<UploaderConfigForRestore>,
}

/// Settings of the uploader of files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UploaderConfigForRestore {
    /// Whether holes in files are restored as holes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_sparse_files: Option<bool>,
    /// How many files to download at a time.
    #[serde(skip_serializing_if = "unset")]
    pub parallel_files_download: i64,
}

/// Resources whose status is restored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreStatusSpec {
    /// Resources to include; empty or `*` for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_resources: Vec<String>,
    /// Resources to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_resources: Vec<String>,
}

open_enum! {
    /// What to do with objects that are there already.
    pub enum ExistingResourcePolicy {
        /// Leave them as they are.
        None = "none",
        /// Make them as in the backup.
        Update = "update",
    }
}

open_enum! {
    /// Where a restore is in its life.
    pub enum RestorePhase {
        /// Created, not yet looked at.
        New = "New",
        /// Asks for what cannot be done.
        FailedValidation = "FailedValidation",
        /// Items are being restored.
        InProgress = "InProgress",
        /// Items are restored, operations of plugins go on.
        WaitingForPluginOperations = "WaitingForPluginOperations",
        /// The same, with errors.
        WaitingForPluginOperationsPartiallyFailed = "WaitingForPluginOperationsPartiallyFailed",
        /// All operations ended, last things are being done.
        Finalizing = "Finalizing",
        /// The same, with errors.
        FinalizingPartiallyFailed = "FinalizingPartiallyFailed",
        /// Done without an error.
        Completed = "Completed",
        /// Done with errors.
        PartiallyFailed = "PartiallyFailed",
        /// Could not be done.
        Failed = "Failed",
    }
}

/// How far a restore is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreStatus {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: RestorePhase,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<String>,
    /// Warnings of the results.
    #[serde(skip_serializing_if = "unset")]
    pub warnings: i64,
    /// Errors of the results.
    #[serde(skip_serializing_if = "unset")]
    pub errors: i64,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failure_reason: String,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Items so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<RestoreProgress>,
    /// Operations of plugins begun.
    #[serde(skip_serializing_if = "unset")]
    pub restore_item_operations_attempted: i64,
    /// Operations of plugins that succeeded.
    #[serde(skip_serializing_if = "unset")]
    pub restore_item_operations_completed: i64,
    /// Operations of plugins that failed.
    #[serde(skip_serializing_if = "unset")]
    pub restore_item_operations_failed: i64,
    /// Hooks run and failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_status: Option<HookStatus>,
}

/// Items of a restore so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreProgress {
    /// Items that there are to restore, as far as known.
    #[serde(skip_serializing_if = "unset")]
    pub total_items: i64,
    /// Items restored.
    #[serde(skip_serializing_if = "unset")]
    pub items_restored: i64,
}
