//! Deleting projects. One with published repositories stays.

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, Operation, ProjectEvent, ResourceType};
use seawall_identity::{Action, Permission, Permit, Resource, member};
use seawall_ids::ProjectId;

use super::{Deletable, store};
use crate::registry::Author;
use crate::{Registry, RegistryError, repository};

const DELETE: Permission = Permission::new(Resource::Project, Action::Delete);
const HAS_REPOSITORIES: &str = "the project contains repositories, can not be deleted";

impl Registry {
    /// Whether a project can be deleted now. Permit: project delete.
    pub async fn project_deletable(
        &self,
        permit: &Permit,
        id: ProjectId,
    ) -> Result<Deletable, RegistryError> {
        permit.require(DELETE, Some(id))?;
        let deletable = !store::has_repositories(&mut *self.database.read().await?, id).await?;
        let message = if deletable { "" } else { HAS_REPOSITORIES };
        Ok(Deletable {
            deletable,
            message: message.to_owned(),
        })
    }

    /// Deletes a project with its members, robots, settings and quota. Permit: project delete.
    ///
    /// # Errors
    /// `Precondition` while it has repositories; `NotFound` when it is gone.
    pub async fn delete_project(
        &self,
        permit: &Permit,
        id: ProjectId,
    ) -> Result<(), RegistryError> {
        permit.require(DELETE, Some(id))?;
        let (registry, author, now) = (self.clone(), Author::of(permit), Timestamp::now());
        self.database
            .write(move |tx| {
                let (registry, author) = (registry.clone(), author.clone());
                Box::pin(async move { delete(tx, &registry, id, &author, now).await })
            })
            .await?;
        self.identity.forget_project(id);
        Ok(())
    }
}

async fn delete(
    tx: &mut Tx,
    registry: &Registry,
    id: ProjectId,
    author: &Author,
    now: Timestamp,
) -> Result<(), RegistryError> {
    store::lock(tx, id).await?;
    let row = store::by_id(tx, id)
        .await?
        .ok_or_else(|| RegistryError::project_not_found(id))?;
    if store::has_repositories(tx, id).await? {
        return Err(RegistryError::Precondition(HAS_REPOSITORIES.to_owned()));
    }
    repository::store::delete_unpublished(tx, id).await?;
    member::delete_of_project(tx, id).await?;
    store::delete(tx, id).await?;
    let project = row.reference();
    let entry = author.did(
        Operation::Delete,
        ResourceType::Project,
        &project.name,
        Some(&project),
        now,
    );
    let event = Event::ProjectDeleted(ProjectEvent {
        project_id: id,
        project_name: project.name.clone(),
        operator: author.username.clone(),
        details: String::new(),
    });
    seawall_events::record(tx, &entry, Some(&event)).await?;
    registry.caches.project_changes(tx, &project);
    registry.caches.repository_goes(tx);
    Ok(())
}
