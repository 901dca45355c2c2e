//! What a deployment may choose about this room.

use std::time::Duration;

/// Settings of the registry's domain.
#[derive(Clone, Debug)]
pub struct RegistrySettings {
    /// Bytes that a new project may hold, -1 for no limit (Harbor `storage_per_project`).
    pub storage_per_project: i64,
    /// Whether quotas are enforced (Harbor `quota_per_project_enable`).
    pub quota_per_project_enable: bool,
    /// Whether an index may name manifests that are not in the repository (a sparse index).
    pub sparse_indexes: bool,
    /// Whether an image may name blobs that are not in the repository (a sparse image). Off: what was
    /// pushed is whole.
    pub sparse_images: bool,
    /// Bytes of memory for manifests.
    pub manifest_cache_bytes: u64,
    /// How many tags, links and names are kept in memory, each.
    pub name_cache_entries: usize,
    /// How long a project's facts may be stale when other replicas write.
    pub shared_staleness: Duration,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            storage_per_project: -1,
            quota_per_project_enable: true,
            sparse_indexes: true,
            sparse_images: false,
            manifest_cache_bytes: 16 * 1024 * 1024,
            name_cache_entries: 50_000,
            shared_staleness: Duration::from_secs(5),
        }
    }
}
