//! Deleting through `/v2`: a digest takes the artifact, a tag only the tag.
//! distribution-spec 1.1 § Deleting tags, § Deleting manifests.

use seawall_identity::{Permission, Permit};
use seawall_oci::{Reference, RepositoryName};

use super::get::unknown;
use crate::{Registry, RegistryError};

impl Registry {
    /// Deletes a manifest by its digest (permit: repository delete), or a tag and not what it points to
    /// (permit: tag delete).
    ///
    /// # Errors
    /// `ManifestUnknown`; `Referenced` for a child of an index that is still there.
    pub async fn delete_manifest(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(repository).await?;
        let deleted = match reference {
            Reference::Digest(_) => {
                permit.require(Permission::DELETE_REPOSITORY, Some(project.id))?;
                self.delete_target(permit, project, repository, reference)
                    .await
            }
            Reference::Tag(tag) => self.delete_tag(permit, repository, None, tag).await,
        };
        match deleted {
            Err(RegistryError::NotFound(_)) => Err(unknown(repository, reference)),
            other => other,
        }
    }
}
