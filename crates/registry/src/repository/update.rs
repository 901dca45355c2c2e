//! Describing repositories.

use seawall_database::{Timestamp, Tx};
use seawall_events::{Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, ProjectRef, Resource};
use seawall_oci::RepositoryName;

use super::{resolve::not_found, store};
use crate::registry::Author;
use crate::{Registry, RegistryError};

/// Bytes that a description may have.
const MAX_DESCRIPTION_BYTES: usize = 64 * 1024;

impl Registry {
    /// Sets a repository's description. Permit: repository update.
    ///
    /// # Errors
    /// `NotFound`; `BadRequest` for a description of more than 64 KiB.
    pub async fn update_repository(
        &self,
        permit: &Permit,
        name: &RepositoryName,
        description: &str,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(name).await?;
        permit.require(
            Permission::new(Resource::Repository, Action::Update),
            Some(project.id),
        )?;
        if description.len() > MAX_DESCRIPTION_BYTES {
            return Err(RegistryError::BadRequest(
                "a description may have at most 64 KiB".to_owned(),
            ));
        }
        let (author, now) = (Author::of(permit), Timestamp::now());
        let (name, description) = (name.clone(), description.to_owned());
        self.database
            .write(move |tx| {
                let (author, project) = (author.clone(), project.clone());
                let (name, description) = (name.clone(), description.clone());
                Box::pin(
                    async move { describe(tx, &project, &name, &description, &author, now).await },
                )
            })
            .await
    }
}

async fn describe(
    tx: &mut Tx,
    project: &ProjectRef,
    name: &RepositoryName,
    description: &str,
    author: &Author,
    now: Timestamp,
) -> Result<(), RegistryError> {
    let row = store::locked(tx, name.as_str()).await?;
    let row = row
        .filter(|row| row.published && row.project_id == project.id)
        .ok_or_else(|| not_found(name))?;
    store::describe(tx, row.id, description, now).await?;
    let entry = author.did(
        Operation::Update,
        ResourceType::Repository,
        name.as_str(),
        Some(project),
        now,
    );
    Ok(seawall_events::record(tx, &entry, None).await?)
}
