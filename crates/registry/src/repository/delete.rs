//! Deleting repositories with all that is in them, in a few statements however much that is.

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, Operation, RepositoryEvent, ResourceType};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_oci::RepositoryName;

use super::{resolve::not_found, store};
use crate::registry::Author;
use crate::{Registry, RegistryError, collection, project, quota};

impl Registry {
    /// Deletes a repository, its artifacts and tags. Permit: repository delete.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_repository(
        &self,
        permit: &Permit,
        name: &RepositoryName,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(name).await?;
        permit.require(Permission::DELETE_REPOSITORY, Some(project.id))?;
        let (registry, author, now) = (self.clone(), Author::of(permit), Timestamp::now());
        let name = name.clone();
        self.database
            .write(move |tx| {
                let (registry, author) = (registry.clone(), author.clone());
                let (project, name) = (project.clone(), name.clone());
                Box::pin(async move { delete(tx, &registry, &project, &name, &author, now).await })
            })
            .await
    }
}

async fn delete(
    tx: &mut Tx,
    registry: &Registry,
    project: &ProjectRef,
    name: &RepositoryName,
    author: &Author,
    now: Timestamp,
) -> Result<(), RegistryError> {
    let row = store::locked(tx, name.as_str()).await?;
    let row = row
        .filter(|row| row.published && row.project_id == project.id)
        .ok_or_else(|| not_found(name))?;
    // First, since pushes hold rows of blobs before those of the quota.
    let digests = collection::store::digests_of_repository(tx, row.id).await?;
    for some in digests.chunks(1_000) {
        seawall_content::collection::review(tx, some).await?;
    }
    let freed = quota::store::remove_blobs_of_repository(tx, project.id, row.id).await?;
    store::empty(tx, row.id).await?;
    store::delete(tx, row.id).await?;
    project::store::add_repositories(tx, project.id, -1).await?;
    let entry = author.did(
        Operation::Delete,
        ResourceType::Repository,
        name.as_str(),
        Some(project),
        now,
    );
    let event = Event::RepositoryDeleted(RepositoryEvent {
        project_id: project.id,
        project_name: project.name.clone(),
        repository_id: row.id,
        repository_name: name.to_string(),
        operator: author.username.clone(),
    });
    seawall_events::record(tx, &entry, Some(&event)).await?;
    registry.caches.repository_goes(tx);
    quota::usage::change(tx, project.id, -freed, false, now).await
}
