//! Deleting tags. The artifact stays.

use std::sync::Arc;

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, ManifestEvent, Operation, ResourceType};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_oci::{Reference, RepositoryName, Tag};

use super::store;
use crate::artifact::{self, listed};
use crate::registry::Author;
use crate::{Registry, RegistryError, repository};

impl Registry {
    /// Deletes a tag; with a reference only when it is on that artifact. Permit: tag delete.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_tag(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: Option<&Reference>,
        tag: &Tag,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::DELETE_TAG, Some(project.id))?;
        let delete = Arc::new(Delete {
            registry: self.clone(),
            project,
            repository: repository.clone(),
            reference: reference.cloned(),
            tag: tag.clone(),
            author: Author::of(permit),
            now: Timestamp::now(),
        });
        self.database
            .write(move |tx| {
                let delete = delete.clone();
                Box::pin(async move { delete.run(tx).await })
            })
            .await
    }
}

struct Delete {
    registry: Registry,
    project: ProjectRef,
    repository: RepositoryName,
    reference: Option<Reference>,
    tag: Tag,
    author: Author,
    now: Timestamp,
}

impl Delete {
    async fn run(&self, tx: &mut Tx) -> Result<(), RegistryError> {
        let missing = || {
            RegistryError::NotFound(format!("tag {} of {} not found", self.tag, self.repository))
        };
        let row = repository::store::locked(tx, self.repository.as_str())
            .await?
            .ok_or_else(missing)?;
        let found = store::by_name(tx, row.id, self.tag.as_str())
            .await?
            .ok_or_else(missing)?;
        if let Some(reference) = &self.reference
            && artifact::find(tx, &self.repository, reference)
                .await?
                .artifact_id
                != found.artifact_id
        {
            return Err(missing());
        }
        let artifact = artifact::store::row_by_id(tx, found.artifact_id)
            .await?
            .ok_or_else(missing)?;
        store::delete(tx, found.id).await?;
        store::add_tags(tx, artifact.id, -1).await?;
        listed::refresh(tx, row.id, &[artifact.id]).await?;
        repository::store::changed(tx, row.id, self.now).await?;
        let resource = format!("{}:{}", self.repository, self.tag);
        let entry = self.author.did(
            Operation::Delete,
            ResourceType::Tag,
            resource,
            Some(&self.project),
            self.now,
        );
        let event = Event::TagDeleted(ManifestEvent {
            project_id: self.project.id,
            project_name: self.project.name.clone(),
            repository_id: row.id,
            repository_name: self.repository.to_string(),
            artifact_id: artifact.id,
            digest: artifact.digest.to_string(),
            media_type: artifact.manifest_media_type,
            tags: vec![self.tag.to_string()],
            operator: self.author.username.clone(),
        });
        seawall_events::record(tx, &entry, Some(&event)).await?;
        self.registry.caches.targets_change(
            tx,
            &self.repository,
            &[],
            std::slice::from_ref(&self.tag),
        );
        Ok(())
    }
}
