//! Operations of plugins that outlive the item they began with: `NAME-itemoperations.json.gz`.
//!
//! Source: Velero 1.18.3 `pkg/itemoperation`, `pkg/plugin/velero/shared.go`.

use serde::{Deserialize, Serialize};

use crate::api::{open_enum, unset};
use crate::time::Time;

/// An item by its names; written without tags of Go, hence the capitals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceIdentifier {
    /// Group of the resource.
    #[serde(rename = "Group")]
    pub group: String,
    /// The resource.
    #[serde(rename = "Resource")]
    pub resource: String,
    /// Namespace; empty for objects of the cluster.
    #[serde(rename = "Namespace")]
    pub namespace: String,
    /// Name.
    #[serde(rename = "Name")]
    pub name: String,
}

/// An operation of a backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupOperation {
    /// What it is for.
    pub spec: BackupOperationSpec,
    /// How far it is.
    pub status: OperationStatus,
}

/// What an operation of a backup is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupOperationSpec {
    /// The backup.
    pub backup_name: String,
    /// Its identity.
    #[serde(rename = "backupUID")]
    pub backup_uid: String,
    /// The action that began it.
    pub backup_item_action: String,
    /// The item.
    pub resource_identifier: ResourceIdentifier,
    /// The action's name of it.
    #[serde(rename = "operationID")]
    pub operation_id: String,
    /// Items to back up once it is done.
    pub post_operation_items: Option<Vec<ResourceIdentifier>>,
}

/// An operation of a restore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreOperation {
    /// What it is for.
    pub spec: RestoreOperationSpec,
    /// How far it is.
    pub status: OperationStatus,
}

/// What an operation of a restore is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreOperationSpec {
    /// The restore.
    pub restore_name: String,
    /// Its identity.
    #[serde(rename = "restoreUID")]
    pub restore_uid: String,
    /// The action that began it.
    pub restore_item_action: String,
    /// The item.
    pub resource_identifier: ResourceIdentifier,
    /// The action's name of it.
    #[serde(rename = "operationID")]
    pub operation_id: String,
}

open_enum! {
    /// Where an operation is in its life.
    pub enum OperationPhase {
        /// Created.
        New = "New",
        /// Going on.
        InProgress = "InProgress",
        /// Done.
        Completed = "Completed",
        /// Could not be done.
        Failed = "Failed",
    }
}

/// How far an operation is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OperationStatus {
    /// Where it is in its life.
    #[serde(skip_serializing_if = "unset")]
    pub phase: OperationPhase,
    /// Why it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Units done.
    #[serde(skip_serializing_if = "unset")]
    pub n_completed: i64,
    /// Units that there are.
    #[serde(skip_serializing_if = "unset")]
    pub n_total: i64,
    /// What the units are.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation_units: String,
    /// What is being done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it last told how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Time>,
}
