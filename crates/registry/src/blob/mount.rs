//! Mounting: a blob of one repository shown in another without sending it again, and only of what
//! the caller may pull (distribution-spec 1.1 § Mounting a blob from another repository).

use seawall_content::Blob;
use seawall_database::{Timestamp, Tx};
use seawall_identity::{Action, Actor, Caller, Denied, Permission, Permit, ProjectRef, Scope};
use seawall_oci::{Digest, RepositoryName};

use super::{link, store};
use crate::{Registry, RegistryError};

/// Where a mount comes from.
#[derive(Clone, Copy, Debug)]
pub enum Mount<'a> {
    /// From a repository that the caller may pull: the permit is for that.
    From(&'a Permit, &'a RepositoryName),
    /// From wherever the caller may pull the blob, with the token that they came with.
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

    /// Whether the caller may pull the blob from any repository: one that everybody may pull, one
    /// that a registry token names, and without such a token any that the actor may pull.
    async fn is_pullable(&self, permit: &Permit, digest: &Digest) -> Result<bool, RegistryError> {
        let caller = permit.caller();
        let actor = if caller.has_registry_token() {
            &Actor::Anonymous
        } else {
            permit.actor()
        };
        let projects = {
            let mut reader = self.database.read().await?;
            store::projects_with(&mut reader, digest).await?
        };
        for project in projects {
            let allowed = self.identity.allowed(actor, Permission::PULL, &project);
            if allowed.await? {
                return Ok(true);
            }
        }
        for name in caller.token_repositories(Action::Pull) {
            if let Ok(name) = name.parse()
                && self.may_pull(caller, &name).await?
                && self.is_linked(&name, digest).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn may_pull(
        &self,
        caller: &Caller,
        repository: &RepositoryName,
    ) -> Result<bool, RegistryError> {
        let name = repository.project().unwrap_or_default();
        let Some(project) = self.project_by_name(name).await? else {
            return Ok(false);
        };
        let scope = Scope::Repository(&project, repository.as_str());
        let pull = self.identity.authorize(caller, Permission::PULL, scope);
        match pull.await {
            Ok(_) => Ok(true),
            Err(Denied::Failed(error)) => Err(error.into()),
            Err(_) => Ok(false),
        }
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
