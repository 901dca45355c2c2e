//! Changing projects and their settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use seawall_database::{Timestamp, Tx};
use seawall_events::{Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_ids::ProjectId;

use super::create::stamped;
use super::{CveAllowlist, MetadataKey, ProjectMetadata, ProjectUpdate, store};
use crate::registry::Author;
use crate::{Registry, RegistryError};

/// What is to be changed.
#[derive(Clone)]
enum Change {
    /// Settings to set, and the allowlist to replace.
    Project(ProjectMetadata, Option<CveAllowlist>),
    /// A setting that must not be there yet.
    Add(MetadataKey, String),
    /// A setting that must be there.
    Set(MetadataKey, String),
    /// A setting to take away.
    Remove(MetadataKey),
}

impl Registry {
    /// Changes a project: settings that are given are set, others kept. Permit: project update.
    ///
    /// # Errors
    /// `BadRequest` for a setting; `NotFound` when the project is gone.
    pub async fn update_project(
        &self,
        permit: &Permit,
        id: ProjectId,
        update: ProjectUpdate,
    ) -> Result<(), RegistryError> {
        permit.require(Permission::new(Resource::Project, Action::Update), Some(id))?;
        let mut metadata = ProjectMetadata::from_request(&update.metadata)?;
        if let Some(public) = update.public {
            metadata
                .0
                .entry(MetadataKey::Public.as_str().to_owned())
                .or_insert_with(|| public.to_string());
        }
        self.change_project(permit, id, Change::Project(metadata, update.cve_allowlist))
            .await
    }

    /// The settings of a project. Permit: metadata list.
    pub async fn list_metadata(
        &self,
        permit: &Permit,
        id: ProjectId,
    ) -> Result<ProjectMetadata, RegistryError> {
        permit.require(Permission::new(Resource::Metadata, Action::List), Some(id))?;
        Ok(store::metadata(&mut *self.database.read().await?, id).await?)
    }

    /// One setting of a project. Permit: metadata read.
    ///
    /// # Errors
    /// `NotFound` when it is not set.
    pub async fn get_metadata(
        &self,
        permit: &Permit,
        id: ProjectId,
        name: &str,
    ) -> Result<String, RegistryError> {
        permit.require(Permission::new(Resource::Metadata, Action::Read), Some(id))?;
        let mut metadata = store::metadata(&mut *self.database.read().await?, id).await?;
        metadata
            .0
            .remove(name)
            .ok_or_else(|| metadata_not_found(id, name))
    }

    /// Sets exactly one setting that is not set yet. Permit: metadata create.
    ///
    /// # Errors
    /// `BadRequest` for more or fewer than one, or one that is not known; `Conflict` when it is set.
    pub async fn add_metadata(
        &self,
        permit: &Permit,
        id: ProjectId,
        given: &BTreeMap<String, String>,
    ) -> Result<(), RegistryError> {
        permit.require(
            Permission::new(Resource::Metadata, Action::Create),
            Some(id),
        )?;
        let mut given = given.iter();
        let (Some((name, value)), None) = (given.next(), given.next()) else {
            return Err(RegistryError::BadRequest(
                "only allow one key/value pair".to_owned(),
            ));
        };
        let key = MetadataKey::parse(name)?;
        self.change_project(permit, id, Change::Add(key, key.normalize(value)?))
            .await
    }

    /// Changes one setting. Permit: metadata update.
    ///
    /// # Errors
    /// `BadRequest` for an unknown key or value; `NotFound` when it is not set.
    pub async fn update_metadata(
        &self,
        permit: &Permit,
        id: ProjectId,
        name: &str,
        value: &str,
    ) -> Result<(), RegistryError> {
        permit.require(
            Permission::new(Resource::Metadata, Action::Update),
            Some(id),
        )?;
        let key = MetadataKey::parse(name)?;
        self.change_project(permit, id, Change::Set(key, key.normalize(value)?))
            .await
    }

    /// Takes one setting away. Permit: metadata delete.
    ///
    /// # Errors
    /// `NotFound` when it is not set.
    pub async fn delete_metadata(
        &self,
        permit: &Permit,
        id: ProjectId,
        name: &str,
    ) -> Result<(), RegistryError> {
        permit.require(
            Permission::new(Resource::Metadata, Action::Delete),
            Some(id),
        )?;
        let key = MetadataKey::parse(name).map_err(|_| metadata_not_found(id, name))?;
        self.change_project(permit, id, Change::Remove(key)).await
    }

    async fn change_project(
        &self,
        permit: &Permit,
        id: ProjectId,
        change: Change,
    ) -> Result<(), RegistryError> {
        let (change, registry) = (Arc::new(change), self.clone());
        let (author, now) = (Author::of(permit), Timestamp::now());
        self.database
            .write(move |tx| {
                let (change, registry, author) = (change.clone(), registry.clone(), author.clone());
                Box::pin(async move { apply(tx, &registry, id, &change, &author, now).await })
            })
            .await?;
        self.identity.forget_project(id);
        Ok(())
    }
}

async fn apply(
    tx: &mut Tx,
    registry: &Registry,
    id: ProjectId,
    change: &Change,
    author: &Author,
    now: Timestamp,
) -> Result<(), RegistryError> {
    if !store::lock(tx, id).await? {
        return Err(RegistryError::project_not_found(id));
    }
    let row = store::by_id(tx, id)
        .await?
        .ok_or_else(|| RegistryError::project_not_found(id))?;
    let mut allowlist = row.cve_allowlist.clone();
    match change {
        Change::Project(metadata, replaced) => {
            store::set_metadata(tx, id, metadata).await?;
            if let Some(replaced) = replaced {
                let kept = CveAllowlist {
                    creation_time: allowlist.creation_time,
                    ..replaced.clone()
                };
                allowlist = stamped(kept, now);
            }
        }
        Change::Add(key, value) => {
            if !store::add_metadata(tx, id, key.as_str(), value).await? {
                return Err(RegistryError::Conflict(format!(
                    "metadata {} of project {id} already exists",
                    key.as_str()
                )));
            }
        }
        Change::Set(key, value) => {
            if store::metadata(tx, id).await?.get(*key).is_none() {
                return Err(metadata_not_found(id, key.as_str()));
            }
            let metadata = ProjectMetadata([(key.as_str().to_owned(), value.clone())].into());
            store::set_metadata(tx, id, &metadata).await?;
        }
        Change::Remove(key) => {
            if !store::delete_metadata(tx, id, key.as_str()).await? {
                return Err(metadata_not_found(id, key.as_str()));
            }
        }
    }
    let public = store::metadata(tx, id).await?.public();
    store::update(tx, id, public, &allowlist, now).await?;
    let project = row.reference();
    let operation = match change {
        Change::Add(..) => Operation::Create,
        Change::Remove(_) => Operation::Delete,
        Change::Project(..) | Change::Set(..) => Operation::Update,
    };
    let kind = match change {
        Change::Project(..) => ResourceType::Project,
        _ => ResourceType::ProjectMetadata,
    };
    let mut entry = author.did(operation, kind, &project.name, Some(&project), now);
    if let Change::Add(key, _) | Change::Set(key, _) | Change::Remove(key) = change {
        entry.resource = format!("{}/{}", project.name, key.as_str());
        entry.status = 200;
    }
    seawall_events::record(tx, &entry, None).await?;
    registry.caches.project_changes(tx, &project);
    Ok(())
}

fn metadata_not_found(id: ProjectId, name: &str) -> RegistryError {
    let name: String = name.chars().take(64).collect();
    RegistryError::NotFound(format!("metadata {name} of project {id} not found"))
}
