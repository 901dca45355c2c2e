//! Linking an upload's blob to its repository, in the transaction that makes the blob.

use seawall_content::{Blob, LinkBlob, LinkError};
use seawall_database::{DatabaseError, Timestamp, Tx};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_ids::RepositoryId;
use seawall_oci::RepositoryName;
use std::sync::Arc;

use super::store;
use crate::{Registry, RegistryError, repository};

impl Registry {
    /// What [`seawall_content::Content::finish`] runs: it makes the repository if there is none
    /// yet, and lets it show the blob. Permit: push.
    ///
    /// # Errors
    /// `NotFound` when the project is not there. The link itself is refused with a
    /// [`RegistryError`] inside `ContentError::Refused` when the project goes meanwhile.
    pub async fn link_blob(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
    ) -> Result<LinkBlob, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::PUSH, Some(project.id))?;
        let repository = repository.clone();
        Ok(Arc::new(move |tx: &mut Tx, blob: &Blob| {
            let (project, repository) = (project.clone(), repository.clone());
            Box::pin(async move {
                let id = match ensure(tx, &project, &repository).await {
                    Ok(id) => id,
                    Err(RegistryError::Database(error)) => return Err(LinkError::Database(error)),
                    Err(error) => return Err(LinkError::Refused(Box::new(error))),
                };
                Ok(store::link(tx, id, &blob.digest, blob.lease_until).await?)
            })
        }))
    }
}

/// The repository, made if there is none yet, and kept from deletion until the transaction ends.
pub(super) async fn ensure(
    tx: &mut Tx,
    project: &ProjectRef,
    repository: &RepositoryName,
) -> Result<RepositoryId, RegistryError> {
    let now = Timestamp::now();
    let ensured = repository::store::ensure(tx, project.id, repository.as_str(), now).await;
    match ensured {
        Ok(row) if row.project_id == project.id => Ok(row.id),
        // The project is gone, whatever a cache says, or another has taken its name.
        Ok(_) | Err(DatabaseError::ForeignKeyViolation(_)) => {
            Err(RegistryError::project_not_found(&project.name))
        }
        Err(error) => Err(error.into()),
    }
}
