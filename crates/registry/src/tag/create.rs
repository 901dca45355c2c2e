//! Making tags other than by a push.

use std::sync::Arc;

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, ManifestEvent, Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, ProjectRef, Resource};
use seawall_ids::TagId;
use seawall_oci::{Reference, RepositoryName, Tag};

use super::store;
use crate::artifact::{self, listed};
use crate::registry::Author;
use crate::{Registry, RegistryError, repository};

impl Registry {
    /// Gives an artifact one more tag. Permit: tag create.
    ///
    /// # Errors
    /// `BadRequest` for a name out of the grammar; `NotFound` for the artifact; `Conflict` when any
    /// artifact of the repository has the tag.
    pub async fn create_tag(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        name: &str,
    ) -> Result<TagId, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(
            Permission::new(Resource::Tag, Action::Create),
            Some(project.id),
        )?;
        let shown: String = name.chars().take(64).collect();
        let tag: Tag = name
            .parse()
            .map_err(|_| RegistryError::BadRequest(format!("invalid tag name: {shown}")))?;
        let create = Arc::new(Create {
            registry: self.clone(),
            project,
            repository: repository.clone(),
            reference: reference.clone(),
            tag,
            author: Author::of(permit),
            now: Timestamp::now(),
        });
        self.database
            .write(move |tx| {
                let create = create.clone();
                Box::pin(async move { create.run(tx).await })
            })
            .await
    }
}

struct Create {
    registry: Registry,
    project: ProjectRef,
    repository: RepositoryName,
    reference: Reference,
    tag: Tag,
    author: Author,
    now: Timestamp,
}

impl Create {
    async fn run(&self, tx: &mut Tx) -> Result<TagId, RegistryError> {
        let missing =
            || RegistryError::artifact_not_found(self.repository.as_str(), &self.reference);
        let row = repository::store::locked(tx, self.repository.as_str())
            .await?
            .ok_or_else(missing)?;
        let target = artifact::find(tx, &self.repository, &self.reference).await?;
        let made =
            store::insert(tx, row.id, target.artifact_id, self.tag.as_str(), self.now).await?;
        let Some(id) = made else {
            return Err(RegistryError::Conflict(format!(
                "tag {} already exists",
                self.tag
            )));
        };
        store::add_tags(tx, target.artifact_id, 1).await?;
        listed::refresh(tx, row.id, &[target.artifact_id]).await?;
        repository::store::changed(tx, row.id, self.now).await?;
        let resource = format!("{}:{}", self.repository, self.tag);
        let entry = self.author.did(
            Operation::Create,
            ResourceType::Tag,
            resource,
            Some(&self.project),
            self.now,
        );
        let event = Event::TagCreated(ManifestEvent {
            project_id: self.project.id,
            project_name: self.project.name.clone(),
            repository_id: row.id,
            repository_name: self.repository.to_string(),
            artifact_id: target.artifact_id,
            digest: target.digest.to_string(),
            media_type: target.media_type.to_string(),
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
        Ok(id)
    }
}
