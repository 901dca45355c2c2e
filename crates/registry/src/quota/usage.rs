//! How the usage of a project changes when artifacts come and go.
//!
//! Called last in a transaction, since the quota's row is where parallel pushes into
//! one project wait for each other.

use seawall_database::{Timestamp, Tx};
use seawall_ids::ProjectId;

use super::{message, store};
use crate::RegistryError;

/// Adds `delta` bytes to a project's usage.
///
/// # Errors
/// `QuotaExceeded`, in Harbor's words, when that would pass the limit and `enforced`.
pub(crate) async fn change(
    tx: &mut Tx,
    project: ProjectId,
    delta: i64,
    enforced: bool,
    now: Timestamp,
) -> Result<(), RegistryError> {
    if delta == 0 || store::add_used(tx, project, delta, !enforced, now).await? {
        return Ok(());
    }
    match store::by_project(tx, project).await? {
        Some(quota) => Err(RegistryError::QuotaExceeded(message::exceeded(
            delta,
            quota.storage_used,
            quota.storage_hard,
        ))),
        None => Err(RegistryError::project_not_found(project)),
    }
}
