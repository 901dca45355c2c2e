//! Deleting artifacts: which go together, and what that leaves.
//!
//! With an artifact go its accessories and, of an index, the children that nothing else
//! holds: no tag and no other index (Harbor `src/controller/artifact`, `deleteDeeply`). A child
//! of an index that stays cannot be deleted itself.

use std::collections::{BTreeMap, HashSet};

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, ManifestEvent, Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, ProjectRef, Resource};
use seawall_ids::ArtifactId;
use seawall_oci::{Reference, RepositoryName, Tag};

use super::store::ArtifactRow;
use super::{listed, parts, store};
use crate::collection::store::Untouched;
use crate::registry::Author;
use crate::{Registry, RegistryError, collection, quota, repository, tag};

impl Registry {
    /// Deletes an artifact with all its tags. Permit: artifact delete.
    ///
    /// # Errors
    /// `NotFound`; `Referenced` for a child of an index that is still there.
    pub async fn delete_artifact(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<(), RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(
            Permission::new(Resource::Artifact, Action::Delete),
            Some(project.id),
        )?;
        self.delete_target(permit, project, repository, reference)
            .await
    }

    /// Deletes what a reference points to; the caller has looked at the permit.
    pub(crate) async fn delete_target(
        &self,
        permit: &Permit,
        project: ProjectRef,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<(), RegistryError> {
        let deletion = std::sync::Arc::new(Deletion {
            registry: self.clone(),
            project,
            repository: repository.clone(),
            reference: reference.clone(),
            author: Author::of(permit),
            now: Timestamp::now(),
            only_untouched: None,
        });
        self.run_deletion(deletion).await.map(drop)
    }

    /// Deletes an artifact that is untagged, held by nothing and untouched; for collection, which needs
    /// no permit. Gives how many went, none if it is not so.
    pub(crate) async fn delete_if_untagged(
        &self,
        author: Author,
        project: ProjectRef,
        repository: RepositoryName,
        reference: Reference,
        untouched: Untouched,
    ) -> Result<u64, RegistryError> {
        let deletion = std::sync::Arc::new(Deletion {
            registry: self.clone(),
            project,
            repository,
            reference,
            author,
            now: Timestamp::now(),
            only_untouched: Some(untouched),
        });
        self.run_deletion(deletion).await
    }

    async fn run_deletion(&self, deletion: std::sync::Arc<Deletion>) -> Result<u64, RegistryError> {
        self.database
            .write(move |tx| {
                let deletion = deletion.clone();
                Box::pin(async move { deletion.run(tx).await })
            })
            .await
    }
}

/// A deletion, ready for its transaction.
struct Deletion {
    registry: Registry,
    project: ProjectRef,
    repository: RepositoryName,
    reference: Reference,
    author: Author,
    now: Timestamp,
    /// Set for collection, which deletes nothing that was touched or promised.
    only_untouched: Option<Untouched>,
}

impl Deletion {
    /// Gives how many artifacts went.
    async fn run(&self, tx: &mut Tx) -> Result<u64, RegistryError> {
        let missing =
            || RegistryError::artifact_not_found(self.repository.as_str(), &self.reference);
        let row = repository::store::locked(tx, self.repository.as_str())
            .await?
            .ok_or_else(missing)?;
        let target = super::list::find(tx, &self.repository, &self.reference).await?;
        if row.project_id != self.project.id {
            return Err(missing());
        }
        let root = store::row_by_id(tx, target.artifact_id)
            .await?
            .ok_or_else(missing)?;
        if parts::has_parent(tx, row.id, &root.digest).await? {
            return Err(RegistryError::Referenced(
                "the deleting artifact is referenced by others".to_owned(),
            ));
        }
        if let Some(untouched) = self.only_untouched
            && !collection::store::is_still_untagged(tx, root.id, untouched).await?
        {
            return Ok(0);
        }
        let spared = self.only_untouched.map(|untouched| untouched.lease_until);
        let (gone, kept) = collect(tx, vec![root], spared).await?;
        let ids: Vec<ArtifactId> = gone.iter().map(|artifact| artifact.id).collect();
        if let Some(now) = spared
            && promised(tx, &gone, now).await?
        {
            return Ok(0); // just now: the next run looks again
        }
        listed::unlist(tx, row.id, &ids).await?;
        let tags = tag::store::delete_of_artifacts(tx, &ids).await?;
        let mut freed = 0;
        for artifact in &gone {
            // First, since pushes hold rows of blobs before those of the quota.
            collection::store::review_links_of_artifact(tx, row.id, artifact.id, self.now).await?;
            let digests = collection::store::digests_of_artifact(tx, artifact.id).await?;
            seawall_content::collection::review(tx, &digests).await?;
            freed += quota::store::remove_blobs(tx, self.project.id, artifact.id).await?;
            store::delete(tx, artifact.id).await?;
        }
        listed::refresh(tx, row.id, &kept).await?;
        repository::store::changed(tx, row.id, self.now).await?;
        self.forget(tx, &gone, &tags);
        self.record(tx, &gone, &tags).await?;
        quota::usage::change(tx, self.project.id, -freed, false, self.now).await?;
        Ok(gone.len() as u64)
    }

    fn forget(&self, tx: &mut Tx, gone: &[ArtifactRow], tags: &[(ArtifactId, String)]) {
        let digests: Vec<_> = gone
            .iter()
            .map(|artifact| artifact.digest.clone())
            .collect();
        let tags: Vec<Tag> = tags
            .iter()
            .filter_map(|(_, name)| name.parse().ok())
            .collect();
        self.registry
            .caches
            .targets_change(tx, &self.repository, &digests, &tags);
    }

    /// One line of audit for what was asked for, one event for each artifact that goes.
    async fn record(
        &self,
        tx: &mut Tx,
        gone: &[ArtifactRow],
        tags: &[(ArtifactId, String)],
    ) -> Result<(), RegistryError> {
        let separator = if self.reference.digest().is_some() {
            '@'
        } else {
            ':'
        };
        for (place, artifact) in gone.iter().enumerate() {
            let resource = match place {
                0 => format!("{}{separator}{}", self.repository, self.reference),
                _ => format!("{}@{}", self.repository, artifact.digest),
            };
            let entry = self.author.did(
                Operation::Delete,
                ResourceType::Artifact,
                resource,
                Some(&self.project),
                self.now,
            );
            let event = Event::ArtifactDeleted(ManifestEvent {
                project_id: self.project.id,
                project_name: self.project.name.clone(),
                repository_id: artifact.repository_id,
                repository_name: self.repository.to_string(),
                artifact_id: artifact.id,
                digest: artifact.digest.to_string(),
                media_type: artifact.manifest_media_type.clone(),
                tags: tags
                    .iter()
                    .filter(|(id, _)| *id == artifact.id)
                    .map(|(_, name)| name.clone())
                    .collect(),
                operator: self.author.username.clone(),
            });
            seawall_events::record(tx, &entry, Some(&event)).await?;
        }
        Ok(())
    }
}

/// Whether somebody was promised one of these for longer than `now`. From here on nobody is, until the
/// transaction ends. Accessories go with what they hang on, promised or not.
async fn promised(
    tx: &mut Tx,
    gone: &[ArtifactRow],
    now: Timestamp,
) -> Result<bool, RegistryError> {
    let themselves = gone
        .iter()
        .enumerate()
        .filter(|(place, artifact)| *place == 0 || artifact.accessory_subject.is_none());
    let ids: Vec<ArtifactId> = themselves.map(|(_, artifact)| artifact.id).collect();
    let leases = store::leases_held(tx, &ids).await?;
    Ok(leases.iter().any(|until| *until > now))
}

/// What goes with artifacts of one repository, themselves first; and the children that stay: those
/// that something else holds, and with `spared` those that somebody was promised for longer than that.
pub(crate) async fn collect(
    tx: &mut Tx,
    roots: Vec<ArtifactRow>,
    spared: Option<Timestamp>,
) -> Result<(Vec<ArtifactRow>, Vec<ArtifactId>), RegistryError> {
    let Some(repository) = roots.first().map(|root| root.repository_id) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut going: HashSet<ArtifactId> = roots.iter().map(|root| root.id).collect();
    let mut gone = roots;
    let mut undecided: BTreeMap<ArtifactId, ArtifactRow> = BTreeMap::new();
    let mut next = 0;
    loop {
        while let Some(artifact) = gone.get(next).cloned() {
            next += 1;
            for accessory in store::accessory_rows(tx, repository, &artifact.digest).await? {
                if going.insert(accessory.id) {
                    gone.push(accessory);
                }
            }
            let digests = parts::child_digests(tx, artifact.id).await?;
            for child in store::rows(tx, repository, &digests).await? {
                undecided.insert(child.id, child);
            }
        }
        let mut kept = BTreeMap::new();
        for (id, child) in undecided {
            if going.contains(&id) {
                continue;
            }
            let promised = spared.is_some_and(|now| child.lease_until > now);
            if !promised && goes(tx, &going, &child).await? {
                going.insert(id);
                gone.push(child);
            } else {
                kept.insert(id, child);
            }
        }
        // What went may have been all that held a child that was kept.
        if next == gone.len() {
            return Ok((gone, kept.into_keys().collect()));
        }
        undecided = kept;
    }
}

/// Whether a child of what goes is held by nothing else.
async fn goes(
    tx: &mut Tx,
    going: &HashSet<ArtifactId>,
    child: &ArtifactRow,
) -> Result<bool, RegistryError> {
    if child.tag_count > 0 {
        return Ok(false);
    }
    let parents = parts::parents(tx, child.repository_id, &child.digest).await?;
    Ok(parents.iter().all(|parent| going.contains(parent)))
}
