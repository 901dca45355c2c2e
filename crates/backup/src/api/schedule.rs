//! A Schedule: when to make which backup.
//!
//! Source: Velero 1.18.3 `pkg/apis/velero/v1/schedule_types.go`.

use serde::{Deserialize, Serialize};

use super::backup::BackupSpec;
use super::{Resource, open_enum, unset};
use crate::time::Time;

/// A Schedule with its metadata.
pub type Schedule = Resource<ScheduleSpec, ScheduleStatus>;

/// When to make which backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScheduleSpec {
    /// The backup to make.
    pub template: BackupSpec,
    /// When, as a cron expression.
    pub schedule: String,
    /// Whether backups go with the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_owner_references_in_backup: Option<bool>,
    /// Whether no backup is made for now.
    #[serde(skip_serializing_if = "unset")]
    pub paused: bool,
    /// Whether the backup that is due when this is set is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_immediately: Option<bool>,
}

open_enum! {
    /// Whether a schedule works.
    pub enum SchedulePhase {
        /// Created, not yet looked at.
        New = "New",
        /// Makes backups.
        Enabled = "Enabled",
        /// Its expression means nothing.
        FailedValidation = "FailedValidation",
    }
}

/// Whether a schedule works, and when it last did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ScheduleStatus {
    /// Whether it works.
    #[serde(skip_serializing_if = "unset")]
    pub phase: SchedulePhase,
    /// When it last made a backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<Time>,
    /// When it last left one out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_skipped: Option<Time>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<String>,
}
