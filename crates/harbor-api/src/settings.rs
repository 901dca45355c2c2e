//! What a deployment may choose about this surface.

use std::path::PathBuf;

/// Settings of Harbor's API.
#[derive(Clone, Debug)]
pub struct HarborApiSettings {
    /// Where clients reach us, without a slash at the end; else each request tells (Harbor `ext_endpoint`).
    pub external_url: Option<String>,
    /// Refuse every change (Harbor `read_only`).
    pub read_only: bool,
    /// Whether only administrators may create projects (Harbor `project_creation_restriction`).
    pub projects_by_administrators_only: bool,
    /// Where blobs are: `filesystem` or `s3` (Harbor `registry_storage_provider_name`).
    pub storage_provider: String,
    /// The folder whose volume `GET /systeminfo/volumes` measures; none where blobs are elsewhere.
    pub volume: Option<PathBuf>,
    /// The certificate of the authority that signed ours, for `GET /systeminfo/getcert`.
    pub ca_certificate: Option<PathBuf>,
    /// What this was built from, where the build was told: the first eight hexadecimal digits are shown.
    pub commit: Option<String>,
}

impl Default for HarborApiSettings {
    fn default() -> Self {
        Self {
            external_url: None,
            read_only: false,
            projects_by_administrators_only: false,
            storage_provider: "filesystem".to_owned(),
            volume: None,
            ca_certificate: None,
            commit: None,
        }
    }
}
