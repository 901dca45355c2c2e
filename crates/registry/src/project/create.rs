//! Making projects: by a user, and `library` at the first start.

use std::sync::Arc;

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, Operation, Origin, ProjectEvent, ResourceType};
use seawall_identity::{ADMIN_ID, Action, Actor, Permission, Permit, ProjectRef, Resource, member};
use seawall_ids::{ProjectId, UserId};

use super::{CveAllowlist, MetadataKey, NewProject, ProjectMetadata, store, validate_project_name};
use crate::registry::Author;
use crate::{Registry, RegistryError, quota};

/// The project that exists from the start.
const LIBRARY: &str = "library";

/// A project, ready for its transaction.
#[derive(Clone)]
struct Create {
    name: String,
    metadata: ProjectMetadata,
    cve_allowlist: CveAllowlist,
    storage_hard: i64,
    owner_id: UserId,
    owner_name: String,
    author: Author,
    now: Timestamp,
}

impl Registry {
    /// Makes a project; a user who makes one becomes its administrator.
    ///
    /// # Errors
    /// `BadRequest` for the name, a setting or the limit; `Conflict` when the name is taken;
    /// `Denied` for a proxy project by anyone but a system administrator.
    pub async fn create_project(
        &self,
        permit: &Permit,
        new: NewProject,
    ) -> Result<ProjectId, RegistryError> {
        permit.require(Permission::new(Resource::Project, Action::Create), None)?;
        validate_project_name(&new.name)?;
        let sysadmin = permit.actor().is_sysadmin();
        match new.registry_id {
            Some(_) if !sysadmin => {
                return Err(RegistryError::Denied(
                    "only system admin can create proxy cache project".to_owned(),
                ));
            }
            Some(_) => {
                return Err(RegistryError::BadRequest(
                    "proxy cache projects are not offered".to_owned(),
                ));
            }
            None => {}
        }
        let mut metadata = ProjectMetadata::from_request(&new.metadata)?;
        let public = MetadataKey::Public.as_str().to_owned();
        if let Some(legacy) = new.public {
            metadata
                .0
                .entry(public.clone())
                .or_insert_with(|| legacy.to_string());
        }
        metadata
            .0
            .entry(public)
            .or_insert_with(|| "false".to_owned());
        let (owner_id, owner_name) = self.owner_for(permit.actor()).await?;
        let now = Timestamp::now();
        let create = Create {
            name: new.name,
            metadata,
            cve_allowlist: stamped(new.cve_allowlist.unwrap_or_default(), now),
            storage_hard: self.storage_limit(new.storage_limit.filter(|_| sysadmin))?,
            owner_id,
            owner_name,
            author: Author::of(permit),
            now,
        };
        let name = create.name.clone();
        match self.write_project(create).await? {
            Some(id) => Ok(id),
            None => Err(RegistryError::Conflict(format!(
                "The project named {name} already exists"
            ))),
        }
    }

    /// Makes the public project `library` if it is not there; harmless when replicas race.
    pub async fn ensure_library(&self) -> Result<(), RegistryError> {
        if self.project_by_name(LIBRARY).await?.is_some() {
            return Ok(());
        }
        let administrator = self.identity.administrator(Origin::default()).await?;
        let create = Create {
            name: LIBRARY.to_owned(),
            metadata: ProjectMetadata(
                [(MetadataKey::Public.as_str().to_owned(), "true".to_owned())].into(),
            ),
            cve_allowlist: CveAllowlist::default(),
            storage_hard: self.settings.storage_per_project,
            owner_id: ADMIN_ID,
            owner_name: administrator.username().to_owned(),
            author: Author {
                username: administrator.username().to_owned(),
                origin: Origin::default(),
            },
            now: Timestamp::now(),
        };
        self.write_project(create).await.map(drop)
    }

    /// A user owns what they make; what a robot makes belongs to the administrator.
    async fn owner_for(&self, actor: &Actor) -> Result<(UserId, String), RegistryError> {
        if let Actor::User(user) = actor {
            return Ok((user.id, user.username.to_string()));
        }
        let administrator = self.identity.administrator(Origin::default()).await?;
        Ok((ADMIN_ID, administrator.username().to_owned()))
    }

    fn storage_limit(&self, wanted: Option<i64>) -> Result<i64, RegistryError> {
        let limit = wanted
            .filter(|limit| *limit != 0)
            .unwrap_or(self.settings.storage_per_project);
        quota::validate_limit(limit)?;
        Ok(limit)
    }

    /// Nothing when the name is taken.
    async fn write_project(&self, create: Create) -> Result<Option<ProjectId>, RegistryError> {
        let create = Arc::new(create);
        let registry = self.clone();
        let id = self
            .database
            .write(move |tx| {
                let (create, registry) = (create.clone(), registry.clone());
                Box::pin(async move { create.run(tx, &registry).await })
            })
            .await?;
        if let Some(id) = id {
            self.identity.forget_project(id);
        }
        Ok(id)
    }
}

impl Create {
    async fn run(
        &self,
        tx: &mut Tx,
        registry: &Registry,
    ) -> Result<Option<ProjectId>, RegistryError> {
        let row = store::NewRow {
            name: &self.name,
            owner_id: self.owner_id,
            owner_name: &self.owner_name,
            public: self.metadata.public(),
            cve_allowlist: &self.cve_allowlist,
            now: self.now,
        };
        let Some(id) = store::insert(tx, &row).await? else {
            return Ok(None);
        };
        store::set_metadata(tx, id, &self.metadata).await?;
        quota::store::insert(tx, id, self.storage_hard, self.now).await?;
        member::add_creator(tx, id, self.owner_id).await?;
        let project = ProjectRef {
            id,
            name: self.name.clone(),
            public: self.metadata.public(),
        };
        let entry = self.author.did(
            Operation::Create,
            ResourceType::Project,
            &self.name,
            Some(&project),
            self.now,
        );
        let event = Event::ProjectCreated(ProjectEvent {
            project_id: id,
            project_name: self.name.clone(),
            operator: self.author.username.clone(),
            details: String::new(),
        });
        seawall_events::record(tx, &entry, Some(&event)).await?;
        registry.caches.project_changes(tx, &project);
        Ok(Some(id))
    }
}

/// The allowlist with the times at which it was set.
pub(super) fn stamped(mut allowlist: CveAllowlist, now: Timestamp) -> CveAllowlist {
    if allowlist.creation_time.is_never() {
        allowlist.creation_time = now;
    }
    allowlist.update_time = now;
    allowlist
}
