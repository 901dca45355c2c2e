//! One repository, and the names of all of them for `/v2/_catalog`.

use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_oci::RepositoryName;

use super::{Repository, store};
use crate::{Registry, RegistryError};

impl Registry {
    /// One published repository. Permit: repository read.
    ///
    /// # Errors
    /// `NotFound`, in Harbor's words.
    pub async fn get_repository(
        &self,
        permit: &Permit,
        name: &RepositoryName,
    ) -> Result<Repository, RegistryError> {
        let project = self.project_of(name).await?;
        permit.require(
            Permission::new(Resource::Repository, Action::Read),
            Some(project.id),
        )?;
        self.published(name).await
    }

    /// A published repository, whoever asks.
    pub(crate) async fn published(
        &self,
        name: &RepositoryName,
    ) -> Result<Repository, RegistryError> {
        let found = store::published(&mut *self.database.read().await?, name.as_str()).await?;
        found.ok_or_else(|| not_found(name))
    }

    /// Names of repositories with artifacts, in the order of bytes, after `last`, at most `limit`.
    /// Permit: catalog read, in the system.
    pub async fn catalog(
        &self,
        permit: &Permit,
        last: Option<&str>,
        limit: i64,
    ) -> Result<Vec<String>, RegistryError> {
        permit.require(Permission::CATALOG, None)?;
        let mut reader = self.database.read().await?;
        Ok(store::catalog(&mut reader, last.unwrap_or_default(), limit.max(0)).await?)
    }
}

pub(super) fn not_found(name: &RepositoryName) -> RegistryError {
    RegistryError::NotFound(format!("repository {name} not found"))
}
