//! Parts that several kinds of object have in common.

use serde::{Deserialize, Serialize};

use super::{open_enum, unset};

/// Hooks that ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HookStatus {
    /// How many were tried.
    #[serde(skip_serializing_if = "unset")]
    pub hooks_attempted: i64,
    /// How many failed.
    #[serde(skip_serializing_if = "unset")]
    pub hooks_failed: i64,
}

/// Bytes of a volume so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DataMoveProgress {
    /// Bytes that there are.
    #[serde(skip_serializing_if = "unset")]
    pub total_bytes: i64,
    /// Bytes done.
    #[serde(skip_serializing_if = "unset")]
    pub bytes_done: i64,
}

open_enum! {
    /// Where the move of a volume's data is in its life.
    pub enum VolumePhase {
        /// Not yet taken.
        New = "New",
        /// Taken by a node.
        Accepted = "Accepted",
        /// The volume is reachable.
        Prepared = "Prepared",
        /// Data is moving.
        InProgress = "InProgress",
        /// It is being stopped.
        Canceling = "Canceling",
        /// It was stopped.
        Canceled = "Canceled",
        /// Done.
        Completed = "Completed",
        /// Could not be done.
        Failed = "Failed",
    }
}
