//! From what a request names to a project: cached, since every request asks.

use seawall_identity::ProjectRef;
use seawall_ids::ProjectId;
use seawall_oci::RepositoryName;

use super::store;
use crate::{Registry, RegistryError};

impl Registry {
    /// The project of this name, if there is one.
    pub async fn project_by_name(&self, name: &str) -> Result<Option<ProjectRef>, RegistryError> {
        let found = self
            .caches
            .project_by_name(name, async || {
                let mut reader = self.database.read().await?;
                let row = store::by_name(&mut reader, name).await?;
                row.map(|row| row.reference())
                    .ok_or_else(|| RegistryError::project_not_found(name))
            })
            .await;
        absent(found)
    }

    /// The project of this id, if there is one.
    pub async fn project_by_id(&self, id: ProjectId) -> Result<Option<ProjectRef>, RegistryError> {
        let found = self
            .caches
            .project_by_id(id, async || {
                let mut reader = self.database.read().await?;
                let row = store::by_id(&mut reader, id).await?;
                row.map(|row| row.reference())
                    .ok_or_else(|| RegistryError::project_not_found(id))
            })
            .await;
        absent(found)
    }

    /// The project that a repository's name begins with.
    ///
    /// # Errors
    /// `NotFound` when there is no such project, or the name has no project.
    pub(crate) async fn project_of(
        &self,
        repository: &RepositoryName,
    ) -> Result<ProjectRef, RegistryError> {
        let name = repository.project().unwrap_or_default();
        self.project_by_name(name)
            .await?
            .ok_or_else(|| RegistryError::project_not_found(name))
    }
}

fn absent(found: Result<ProjectRef, RegistryError>) -> Result<Option<ProjectRef>, RegistryError> {
    match found {
        Ok(project) => Ok(Some(project)),
        Err(RegistryError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
