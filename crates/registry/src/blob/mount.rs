//! Mounting: a blob of one repository shown in another without sending it again, and only of what
//! the caller may pull (distribution-spec 1.1 § Mounting a blob from another repository).

use seawall_content::Blob;
use seawall_database::{Timestamp, Tx, params};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_oci::{Digest, RepositoryName};

use super::{link, store};
use crate::{Registry, RegistryError};

/// Where a mount comes from.
#[derive(Clone, Copy, Debug)]
pub enum Mount<'a> {
    /// From a repository that the caller may pull: the permit is for that.
    From(&'a Permit, &'a RepositoryName),
    /// From wherever the caller may pull the blob.
    Anywhere,
}

impl Registry {
    /// Shows a blob in `repository` too. Permit: push. `None` when there is nothing to mount from, so
    /// that the client uploads it.
    ///
    /// # Errors
    /// `NotFound` when the target's project is not there.
    pub async fn mount_blob(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        digest: &Digest,
        mount: Mount<'_>,
    ) -> Result<Option<Blob>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::PUSH, Some(project.id))?;
        let visible = match mount {
            Mount::From(pull, from) => {
                let Some(source) = self
                    .project_by_name(from.project().unwrap_or_default())
                    .await?
                else {
                    return Ok(None);
                };
                pull.require(Permission::PULL, Some(source.id))?;
                self.is_linked(from, digest).await?
            }
            Mount::Anywhere => self.is_pullable(permit, digest).await?,
        };
        if !visible {
            return Ok(None);
        }
        let (registry, repository, wanted) = (self.clone(), repository.clone(), digest.clone());
        let mounted = self
            .database
            .write(move |tx| {
                let (registry, project) = (registry.clone(), project.clone());
                let (repository, digest) = (repository.clone(), wanted.clone());
                Box::pin(async move { run(tx, &registry, &project, &repository, &digest).await })
            })
            .await;
        match mounted {
            Ok(()) => Ok(self.content.blob(digest).await?),
            // It is being deleted: the client uploads it again.
            Err(RegistryError::ManifestBlobUnknown(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the caller may pull the blob from any repository.
    async fn is_pullable(&self, permit: &Permit, digest: &Digest) -> Result<bool, RegistryError> {
        let rows: Vec<(i64, String, bool)> = {
            let mut reader = self.database.read().await?;
            reader
                .fetch_all(store::PROJECTS_WITH, params![digest.as_str()])
                .await?
        };
        for (id, name, public) in rows {
            let project = ProjectRef {
                id: seawall_ids::ProjectId(id),
                name,
                public,
            };
            if self
                .identity
                .allowed(permit.actor(), Permission::PULL, &project)
                .await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn run(
    tx: &mut Tx,
    registry: &Registry,
    project: &ProjectRef,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<(), RegistryError> {
    let id = link::ensure(tx, project, repository).await?;
    registry
        .content
        .prolong(tx, std::slice::from_ref(digest))
        .await?;
    let lease_until = Timestamp::now().plus(registry.content.settings().lease);
    Ok(store::link(tx, id, digest, lease_until).await?)
}
