//! Seawall's registry: jobs in its PostgreSQL or in Redis, with every type that the registry knows.

use std::path::Path;

use super::Master;
use crate::config::Config;

/// Opens what the registry's settings name.
pub async fn open(_config: &Config, _settings: &Path) -> anyhow::Result<Master> {
    anyhow::bail!("the registry's jobs are not there yet")
}
