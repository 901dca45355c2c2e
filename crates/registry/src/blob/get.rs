//! Which blobs a repository shows.

use seawall_content::Blob;
use seawall_identity::{Permission, Permit};
use seawall_oci::{Digest, RepositoryName};

use super::store;
use crate::{Registry, RegistryError};

impl Registry {
    /// The blob, for reading it. Permit: pull.
    ///
    /// # Errors
    /// `BlobUnknown` when the repository does not show it, whoever else does.
    pub async fn get_blob(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        self.require_pull(permit, repository).await?;
        if !self.is_linked(repository, digest).await? {
            return Err(RegistryError::BlobUnknown(digest.clone()));
        }
        let found = self.content.blob(digest).await?;
        found.ok_or_else(|| RegistryError::BlobUnknown(digest.clone()))
    }

    /// [`Self::get_blob`], and the promise to keep the blob for its lease: what a HEAD answers, since
    /// clients then leave the upload out. Permit: pull.
    ///
    /// # Errors
    /// `BlobUnknown`.
    pub async fn head_blob(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        self.require_pull(permit, repository).await?;
        let unknown = || RegistryError::BlobUnknown(digest.clone());
        // The lease first: while it runs, collection does not end the link that is seen after.
        let kept = self.content.blob(digest).await?;
        let kept = kept.filter(|blob| self.content.is_kept(blob));
        if !self.is_linked(repository, digest).await? {
            return Err(unknown());
        }
        if let Some(blob) = kept {
            return Ok(blob);
        }
        let prolonged = self.content.leased_blob(digest).await?;
        if !self.is_linked(repository, digest).await? {
            return Err(unknown());
        }
        prolonged.ok_or_else(unknown)
    }

    async fn require_pull(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(repository).await?;
        Ok(permit.require(Permission::PULL, Some(project.id))?)
    }

    /// Whether the repository shows a blob. In one process from memory.
    pub(crate) async fn is_linked(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, RegistryError> {
        let linked = self
            .caches
            .link(repository, digest, async || {
                let mut reader = self.database.read().await?;
                if store::linked(&mut reader, repository.as_str(), digest).await? {
                    Ok(())
                } else {
                    Err(RegistryError::BlobUnknown(digest.clone()))
                }
            })
            .await;
        match linked {
            Ok(()) => Ok(true),
            Err(RegistryError::BlobUnknown(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
