//! Copying an artifact to another repository: with the children of an index, its accessories and
//! the tag it was named by; blobs are shown there too, not written again.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, ManifestEvent, Operation, ResourceType};
use seawall_identity::{Action, Permission, Permit, ProjectRef, Resource};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::{Digest, Reference, RepositoryName, Tag};

use super::store::ArtifactRow;
use super::{index_size, listed, parts, store};
use crate::registry::Author;
use crate::{Registry, RegistryError, blob, manifest, project, quota, repository, tag};

impl Registry {
    /// Copies an artifact. Permits: artifact create where it goes, artifact read where it comes from.
    /// Gives its digest; a copy that is there already is no error.
    ///
    /// # Errors
    /// `NotFound` for the source; `Denied` for an accessory, which is copied with its subject;
    /// `QuotaExceeded`.
    pub async fn copy_artifact(
        &self,
        permit: &Permit,
        to: &RepositoryName,
        read: &Permit,
        from: &RepositoryName,
        reference: &Reference,
    ) -> Result<Digest, RegistryError> {
        let project = self.project_of(to).await?;
        permit.require(
            Permission::new(Resource::Artifact, Action::Create),
            Some(project.id),
        )?;
        let source = self.project_of(from).await?;
        read.require(
            Permission::new(Resource::Artifact, Action::Read),
            Some(source.id),
        )?;
        let copy = Arc::new(Copy {
            registry: self.clone(),
            project,
            to: to.clone(),
            from: from.clone(),
            reference: reference.clone(),
            author: Author::of(permit),
            now: Timestamp::now(),
        });
        self.database
            .write(move |tx| {
                let copy = copy.clone();
                Box::pin(async move { copy.run(tx).await })
            })
            .await
    }
}

struct Copy {
    registry: Registry,
    project: ProjectRef,
    to: RepositoryName,
    from: RepositoryName,
    reference: Reference,
    author: Author,
    now: Timestamp,
}

impl Copy {
    async fn run(&self, tx: &mut Tx) -> Result<Digest, RegistryError> {
        let missing = || RegistryError::artifact_not_found(self.from.as_str(), &self.reference);
        // Both in the order of their names, so that two copies do not wait for each other in a circle.
        let from_first = self.from < self.to;
        if from_first {
            repository::store::kept(tx, self.from.as_str()).await?;
        }
        let row = repository::hold(tx, &self.project, &self.to, self.now).await?;
        if !from_first && self.from != self.to {
            repository::store::kept(tx, self.from.as_str()).await?;
        }
        let target = super::list::find(tx, &self.from, &self.reference).await?;
        let source = store::row_by_id(tx, target.artifact_id)
            .await?
            .ok_or_else(missing)?;
        if is_hard_accessory(tx, &source).await? {
            return Err(RegistryError::Denied(format!(
                "the operation isn't supported for the accessory: {}@{}",
                self.from, source.digest
            )));
        }
        let mut touched = Vec::new();
        let mut came = Vec::new();
        let mut added = 0;
        let all = collect(tx, source.clone()).await?;
        for artifact in &all {
            if let Some(made) = self.copy_one(tx, row.id, artifact, &mut added).await? {
                touched.push(made);
                came.push(artifact.digest.clone());
            }
        }
        // Children may be here that were not there, and indexes that waited for what came.
        let made_indexes = indexes(tx, &touched).await?;
        index_size::refresh(tx, row.id, made_indexes).await?;
        index_size::refresh_above(tx, row.id, &came).await?;
        let copied = store::row(tx, row.id, &source.digest)
            .await?
            .ok_or_else(missing)?;
        let tagged = self.set_tag(tx, row.id, copied.id, &mut touched).await?;
        if touched.is_empty() {
            return Ok(source.digest);
        }
        // Children and accessories that were there before may be hidden by what came.
        let digests: Vec<Digest> = all.iter().map(|artifact| artifact.digest.clone()).collect();
        touched.extend(
            store::rows(tx, row.id, &digests)
                .await?
                .iter()
                .map(|artifact| artifact.id),
        );
        for digest in &digests {
            touched.extend(
                store::accessory_rows(tx, row.id, digest)
                    .await?
                    .iter()
                    .map(|artifact| artifact.id),
            );
        }
        listed::refresh(tx, row.id, &touched).await?;
        repository::store::changed(tx, row.id, self.now).await?;
        if !row.published {
            project::store::add_repositories(tx, self.project.id, 1).await?;
        }
        self.registry
            .caches
            .targets_change(tx, &self.to, &digests, &tagged);
        self.record(tx, row.id, &copied, &tagged).await?;
        let enforced = self.registry.settings.quota_per_project_enable;
        quota::usage::change(tx, self.project.id, added, enforced, self.now).await?;
        Ok(source.digest)
    }

    /// Copies one artifact unless it is there; adds the bytes that are new to the project.
    async fn copy_one(
        &self,
        tx: &mut Tx,
        to: RepositoryId,
        artifact: &ArtifactRow,
        added: &mut i64,
    ) -> Result<Option<ArtifactId>, RegistryError> {
        if store::row(tx, to, &artifact.digest).await?.is_some() {
            return Ok(None);
        }
        let blobs = parts::blobs(tx, artifact.id).await?;
        // The manifest is among them, but no blob.
        let digests: Vec<Digest> = blobs
            .iter()
            .filter_map(|(digest, _)| digest.parse().ok())
            .collect();
        let linked = blob::store::linked_of(tx, artifact.repository_id, &digests).await?;
        let linked: Vec<Digest> = linked
            .iter()
            .filter_map(|digest| digest.parse().ok())
            .collect();
        self.registry.content.prolong(tx, &linked).await?;
        blob::store::copy(tx, to, artifact.repository_id, &linked).await?;
        let made = store::copy(tx, self.project.id, to, artifact.id, self.now).await?;
        manifest::store::copy(tx, made, artifact.id).await?;
        parts::copy(tx, made, to, artifact.id).await?;
        *added += quota::store::add_blobs(tx, self.project.id, made).await?;
        Ok(Some(made))
    }

    async fn set_tag(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        artifact: ArtifactId,
        touched: &mut Vec<ArtifactId>,
    ) -> Result<Vec<Tag>, RegistryError> {
        let Reference::Tag(name) = &self.reference else {
            return Ok(Vec::new());
        };
        if let Some(tag) = tag::store::by_name(tx, repository, name.as_str()).await? {
            if tag.artifact_id == artifact {
                return Ok(Vec::new());
            }
            tag::store::add_tags(tx, tag.artifact_id, -1).await?;
            touched.push(tag.artifact_id);
        }
        tag::store::put(tx, repository, artifact, name.as_str(), self.now).await?;
        tag::store::add_tags(tx, artifact, 1).await?;
        touched.push(artifact);
        Ok(vec![name.clone()])
    }

    async fn record(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        copied: &ArtifactRow,
        tags: &[Tag],
    ) -> Result<(), RegistryError> {
        let separator = if self.reference.digest().is_some() {
            '@'
        } else {
            ':'
        };
        let resource = format!("{}{separator}{}", self.to, self.reference);
        let mut entry = self.author.did(
            Operation::Create,
            ResourceType::Artifact,
            resource,
            Some(&self.project),
            self.now,
        );
        entry.operation_description = format!(
            "copy artifact: {}{separator}{} to {}",
            self.from, self.reference, self.to
        );
        let event = Event::ManifestPushed(ManifestEvent {
            project_id: self.project.id,
            project_name: self.project.name.clone(),
            repository_id: repository,
            repository_name: self.to.to_string(),
            artifact_id: copied.id,
            digest: copied.digest.to_string(),
            media_type: copied.manifest_media_type.clone(),
            tags: tags.iter().map(Tag::to_string).collect(),
            operator: self.author.username.clone(),
        });
        Ok(seawall_events::record(tx, &entry, Some(&event)).await?)
    }
}

/// Those that have children.
async fn indexes(tx: &mut Tx, made: &[ArtifactId]) -> Result<BTreeSet<ArtifactId>, RegistryError> {
    let references = parts::references(tx, made).await?;
    Ok(references
        .iter()
        .map(|reference| reference.parent_id)
        .collect())
}

/// Whether an artifact hangs on another that is there, so that it goes where that goes.
async fn is_hard_accessory(tx: &mut Tx, artifact: &ArtifactRow) -> Result<bool, RegistryError> {
    let subject = artifact
        .accessory_subject
        .as_ref()
        .and_then(|text| text.parse::<Digest>().ok());
    match subject {
        Some(subject) => Ok(store::row(tx, artifact.repository_id, &subject)
            .await?
            .is_some()),
        None => Ok(false),
    }
}

/// An artifact with its children and the accessories of them all, itself first.
async fn collect(tx: &mut Tx, root: ArtifactRow) -> Result<Vec<ArtifactRow>, RegistryError> {
    let repository = root.repository_id;
    let mut seen = HashSet::from([root.id]);
    let mut found = vec![root];
    let mut next = 0;
    while let Some(artifact) = found.get(next).cloned() {
        next += 1;
        let digests = parts::child_digests(tx, artifact.id).await?;
        let mut others = store::rows(tx, repository, &digests).await?;
        others.extend(store::accessory_rows(tx, repository, &artifact.digest).await?);
        found.extend(others.into_iter().filter(|other| seen.insert(other.id)));
    }
    Ok(found)
}
