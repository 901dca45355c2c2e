//! Setting quotas.

use seawall_database::{Timestamp, Tx};
use seawall_events::{Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_ids::QuotaId;

use super::{MAX_STORAGE_LIMIT, UNLIMITED, store};
use crate::registry::Author;
use crate::{Registry, RegistryError, project};

impl Registry {
    /// Sets how many bytes a project may hold; less than it holds is taken. Permit: quota update,
    /// in the system.
    ///
    /// # Errors
    /// `BadRequest` unless the limit is -1 or from 1 byte to 1 PiB; `NotFound`.
    pub async fn update_quota(
        &self,
        permit: &Permit,
        id: QuotaId,
        storage: i64,
    ) -> Result<(), RegistryError> {
        permit.require(Permission::new(Resource::Quota, Action::Update), None)?;
        validate_limit(storage)?;
        let (author, now) = (Author::of(permit), Timestamp::now());
        self.database
            .write(move |tx| {
                let author = author.clone();
                Box::pin(async move { update(tx, id, storage, &author, now).await })
            })
            .await
    }
}

async fn update(
    tx: &mut Tx,
    id: QuotaId,
    storage: i64,
    author: &Author,
    now: Timestamp,
) -> Result<(), RegistryError> {
    let missing = || RegistryError::NotFound(format!("quota {id} not found"));
    let quota = store::by_id(tx, id).await?.ok_or_else(missing)?;
    store::set_hard(tx, id, storage, now).await?;
    let project = project::store::by_id(tx, quota.project_id)
        .await?
        .map(|row| row.reference());
    let entry = author.did(
        Operation::Update,
        ResourceType::Quota,
        &quota.project_name,
        project.as_ref(),
        now,
    );
    Ok(seawall_events::record(tx, &entry, None).await?)
}

/// Checks a limit. Harbor `src/pkg/quota`: -1, or 1 byte to 1 PiB.
///
/// # Errors
/// `BadRequest`.
pub(crate) fn validate_limit(storage: i64) -> Result<(), RegistryError> {
    if storage == UNLIMITED || (1..=MAX_STORAGE_LIMIT).contains(&storage) {
        return Ok(());
    }
    Err(RegistryError::BadRequest(format!(
        "invalid value for the storage quota: {storage}; it must be -1 or from 1 to {MAX_STORAGE_LIMIT} bytes"
    )))
}
