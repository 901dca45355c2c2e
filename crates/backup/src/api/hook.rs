//! Commands to run in pods around their backup and after their restore.
//!
//! Source: Velero 1.18.3 `backup_types.go` and `restore_types.go`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metadata::LabelSelector;
use super::{open_enum, unset};
use crate::duration::Duration;

/// Hooks of a Backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupHooks {
    /// Hooks and the objects that they are for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<BackupResourceHookSpec>,
}

/// Hooks and the objects that they are for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupResourceHookSpec {
    /// Name, for logs.
    pub name: String,
    /// Namespaces they are for; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_namespaces: Vec<String>,
    /// Namespaces they are not for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_namespaces: Vec<String>,
    /// Resources they are for; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_resources: Vec<String>,
    /// Resources they are not for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_resources: Vec<String>,
    /// Labels of the objects they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Run before the item is backed up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pre: Vec<BackupResourceHook>,
    /// Run after the item and all that belongs to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post: Vec<BackupResourceHook>,
}

/// One hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupResourceHook {
    /// A command in a container.
    pub exec: Option<ExecHook>,
}

/// A command in a container of the pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecHook {
    /// The container; empty for the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// What an error means.
    #[serde(skip_serializing_if = "unset")]
    pub on_error: HookErrorMode,
    /// How long it may take.
    pub timeout: Duration,
}

open_enum! {
    /// What an error of a hook means.
    pub enum HookErrorMode {
        /// It is told and the backup goes on.
        Continue = "Continue",
        /// The item is not backed up.
        Fail = "Fail",
    }
}

/// Hooks of a Restore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreHooks {
    /// Hooks and the objects that they are for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<RestoreResourceHookSpec>,
}

/// Hooks and the objects that they are for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreResourceHookSpec {
    /// Name, for logs.
    pub name: String,
    /// Namespaces they are for; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_namespaces: Vec<String>,
    /// Namespaces they are not for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_namespaces: Vec<String>,
    /// Resources they are for; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_resources: Vec<String>,
    /// Resources they are not for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_resources: Vec<String>,
    /// Labels of the objects they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Run once the pod is restored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_hooks: Vec<RestoreResourceHook>,
}

/// One hook: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreResourceHook {
    /// A command in a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecRestoreHook>,
    /// Containers that run before the pod's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<InitRestoreHook>,
}

/// A command in a container of a restored pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecRestoreHook {
    /// The container; empty for the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// What an error means.
    #[serde(skip_serializing_if = "unset")]
    pub on_error: HookErrorMode,
    /// How long it may take.
    pub exec_timeout: Duration,
    /// How long to wait for the container.
    pub wait_timeout: Duration,
    /// Whether to wait until the container is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for_ready: Option<bool>,
}

/// Containers that run before the pod's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InitRestoreHook {
    /// The containers, as the pod will have them.
    pub init_containers: Vec<Value>,
    /// Kept for old objects; nothing reads it.
    pub timeout: Duration,
}
