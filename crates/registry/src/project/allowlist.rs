//! A project's allowlist of vulnerabilities: stored and shown here, applied by
//! whatever gates pulls by severity. The system's own list is not here.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

/// Vulnerabilities that do not count against a project's images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CveAllowlist {
    /// The entries.
    #[serde(default)]
    pub items: Vec<CveAllowlistItem>,
    /// When the list ends to hold, in seconds since the epoch; absent for never.
    #[serde(default)]
    pub expires_at: Option<i64>,
    /// When it was first set.
    #[serde(default)]
    pub creation_time: Timestamp,
    /// When it was last set.
    #[serde(default)]
    pub update_time: Timestamp,
}

/// One entry of an allowlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CveAllowlistItem {
    /// For example `CVE-2026-1234`.
    pub cve_id: String,
}
