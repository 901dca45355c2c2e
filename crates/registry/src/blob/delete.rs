//! Taking a blob out of a repository. Its bytes go when nothing anywhere needs them.

use seawall_database::{Timestamp, Tx};
use seawall_events::{Operation, ResourceType};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_oci::{Digest, RepositoryName};

use super::store;
use crate::artifact::parts;
use crate::registry::Author;
use crate::{Registry, RegistryError, repository};

impl Registry {
    /// Shows a blob no more in a repository. Permit: repository delete.
    ///
    /// # Errors
    /// `BlobUnknown`; `Denied` while an artifact of the repository needs it.
    pub async fn delete_blob(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::DELETE_REPOSITORY, Some(project.id))?;
        let (author, now) = (Author::of(permit), Timestamp::now());
        let (registry, repository, digest) = (self.clone(), repository.clone(), digest.clone());
        self.database
            .write(move |tx| {
                let (registry, author, project) =
                    (registry.clone(), author.clone(), project.clone());
                let (repository, digest) = (repository.clone(), digest.clone());
                Box::pin(async move {
                    unlink(tx, &project, &repository, &digest).await?;
                    let resource = format!("{repository}@{digest}");
                    let entry = author.did(
                        Operation::Delete,
                        ResourceType::Blob,
                        resource,
                        Some(&project),
                        now,
                    );
                    seawall_events::record(tx, &entry, None).await?;
                    registry.caches.link_changes(tx, &repository, &digest);
                    Ok(())
                })
            })
            .await
    }
}

async fn unlink(
    tx: &mut Tx,
    project: &ProjectRef,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<(), RegistryError> {
    let unknown = || RegistryError::BlobUnknown(digest.clone());
    let row = repository::store::locked(tx, repository.as_str())
        .await?
        .ok_or_else(unknown)?;
    if row.project_id != project.id {
        return Err(unknown());
    }
    if parts::is_needed(tx, row.id, digest).await? {
        // Not 403: the caller may delete blobs, but not this one as things are.
        return Err(RegistryError::MethodNotAllowed(format!(
            "blob {digest} cannot be deleted: an artifact of the repository needs it; delete that first"
        )));
    }
    if store::unlink(tx, row.id, digest).await? {
        Ok(())
    } else {
        Err(unknown())
    }
}
