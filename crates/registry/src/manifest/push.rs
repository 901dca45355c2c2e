//! Pushing a manifest: understood and its config read first, then one transaction for all of it.
//!
//! The transaction holds the repository's row from its beginning, so that pushes into one
//! repository follow each other, and the project's quota only at its end. It may run twice.
//! What it writes: leases of the blobs, the artifact with its bytes and parts, tags, what lists
//! show, counts, usage, one line of audit, one event. A push that changes nothing tells nobody.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use seawall_database::{Timestamp, Tx};
use seawall_events::{Event, ManifestEvent, Operation, ResourceType};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::{Digest, Reference, RepositoryName, Tag};

use super::plan::Plan;
use super::{Pushed, facts, store};
use crate::artifact::{index_size, listed, parts, store as artifacts};
use crate::registry::Author;
use crate::{Registry, RegistryError, quota, repository, tag};

impl Registry {
    /// Takes a manifest into a repository, under its digest and any number of tags.
    ///
    /// `content_type` is the request's header. `more_tags` are those beside the reference.
    ///
    /// # Errors
    /// `ManifestInvalid`, `DigestInvalid`, `TooLarge` for what cannot be taken; `ManifestBlobUnknown`
    /// for parts that the repository does not have; `SizeInvalid` for a blob of another size;
    /// `QuotaExceeded`; `NotFound` when the project is gone.
    pub async fn push_manifest(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        content_type: Option<&str>,
        bytes: Bytes,
        more_tags: &[Tag],
    ) -> Result<Pushed, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::PUSH, Some(project.id))?;
        let mut plan = Plan::new(reference, content_type, bytes, more_tags)?;
        self.read_config(repository, &mut plan).await?;
        let push = Arc::new(Push {
            registry: self.clone(),
            project,
            repository: repository.clone(),
            plan,
            author: Author::of(permit),
            now: Timestamp::now(),
        });
        let answer = push.clone();
        let changed = self
            .database
            .write(move |tx| {
                let push = push.clone();
                Box::pin(async move { push.run(tx).await })
            })
            .await?;
        let plan = &answer.plan;
        self.caches.keep_body(&plan.digest, plan.bytes.clone());
        Ok(Pushed {
            digest: plan.digest.clone(),
            subject: plan
                .manifest
                .subject
                .as_ref()
                .map(|subject| subject.digest.clone()),
            changed,
        })
    }

    /// Fills in the facts that the config tells. A config that is not there is for the
    /// transaction to find out.
    async fn read_config(
        &self,
        repository: &RepositoryName,
        plan: &mut Plan,
    ) -> Result<(), RegistryError> {
        if !facts::wants_config(&plan.manifest) {
            return Ok(());
        }
        let Some(config) = &plan.manifest.config else {
            return Ok(());
        };
        if !self.is_linked(repository, &config.digest).await? {
            return Ok(());
        }
        if let Some(blob) = self.content.blob(&config.digest).await?
            && blob.size <= facts::MAX_CONFIG_BYTES
        {
            let bytes = self.content.bytes(&blob, facts::MAX_CONFIG_BYTES).await?;
            plan.extra_attrs = facts::extra_attrs(&plan.kind, &plan.manifest, &bytes);
        }
        Ok(())
    }
}

/// A push, ready for its transaction.
struct Push {
    registry: Registry,
    project: ProjectRef,
    repository: RepositoryName,
    plan: Plan,
    author: Author,
    now: Timestamp,
}

impl Push {
    /// False when everything was as it is wanted already.
    async fn run(&self, tx: &mut Tx) -> Result<bool, RegistryError> {
        let (plan, project) = (&self.plan, &self.project);
        let row = repository::hold(tx, project, &self.repository, self.now).await?;
        let blobs = self.blobs(tx, row.id).await?;
        let existing = artifacts::row(tx, row.id, &plan.digest).await?;
        let mut touched = Vec::new();
        let (artifact, created) = match existing {
            Some(existing) => (existing.id, false),
            None => (self.insert(tx, row.id, &blobs, &mut touched).await?, true),
        };
        let became = match &plan.accessory {
            Some(accessory) if !created => {
                artifacts::become_accessory(tx, artifact, accessory.kind, &accessory.subject)
                    .await?
            }
            _ => false,
        };
        let moved = self.set_tags(tx, row.id, artifact, &mut touched).await?;
        if !created && !became && moved.is_empty() {
            // Who is told that it is there relies on it, also where untagged artifacts are collected.
            artifacts::touch_untagged(tx, artifact, self.now).await?;
            return Ok(false);
        }
        touched.push(artifact);
        listed::refresh(tx, row.id, &touched).await?;
        repository::store::changed(tx, row.id, self.now).await?;
        if !row.published {
            crate::project::store::add_repositories(tx, project.id, 1).await?;
        }
        self.registry.caches.targets_change(
            tx,
            &self.repository,
            std::slice::from_ref(&plan.digest),
            &moved,
        );
        self.record(tx, row.id, artifact).await?;
        if created {
            let added = quota::store::add_blobs(tx, project.id, artifact).await?;
            let enforced = self.registry.settings.quota_per_project_enable;
            quota::usage::change(tx, project.id, added, enforced, self.now).await?;
        }
        Ok(true)
    }

    /// The distinct blobs of the artifact with their sizes, every one kept by its lease.
    async fn blobs(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
    ) -> Result<Vec<(Digest, i64)>, RegistryError> {
        let plan = &self.plan;
        let mut wanted: Vec<Digest> = plan.blobs.iter().map(|blob| blob.digest.clone()).collect();
        let linked: HashSet<String> = linked_in(tx, repository, &wanted).await?;
        let mut missing: Vec<Digest>;
        (wanted, missing) = wanted
            .into_iter()
            .partition(|digest| linked.contains(digest.as_str()));
        if self.registry.settings.sparse_images {
            missing.clear();
        }
        missing.extend(self.other_children(tx, repository, &mut wanted).await?);
        if !missing.is_empty() {
            return Err(RegistryError::ManifestBlobUnknown(missing));
        }
        let leased = self.registry.content.prolong(tx, &wanted).await?;
        let mut blobs: Vec<(Digest, i64)> = Vec::with_capacity(leased.len() + 1);
        for blob in leased {
            self.check_size(&blob.digest, blob.size)?;
            blobs.push((blob.digest, i64::try_from(blob.size).unwrap_or(i64::MAX)));
        }
        if !blobs.iter().any(|(digest, _)| *digest == plan.digest) {
            blobs.push((
                plan.digest.clone(),
                i64::try_from(plan.bytes.len()).unwrap_or(i64::MAX),
            ));
        }
        Ok(blobs)
    }

    /// Children of an index that are no manifests here: blobs are added to `wanted` (`BuildKit`'s
    /// caches are such indexes), others are given back unless sparse indexes are taken.
    async fn other_children(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        wanted: &mut Vec<Digest>,
    ) -> Result<Vec<Digest>, RegistryError> {
        let children = &self.plan.children;
        if children.is_empty() {
            return Ok(Vec::new());
        }
        let rows = artifacts::rows(tx, repository, children).await?;
        let known: HashSet<Digest> = rows.into_iter().map(|row| row.digest).collect();
        let others: Vec<Digest> = children
            .iter()
            .filter(|digest| !known.contains(*digest))
            .cloned()
            .collect();
        let linked = linked_in(tx, repository, &others).await?;
        let (blobs, missing): (Vec<Digest>, Vec<Digest>) = others
            .into_iter()
            .partition(|digest| linked.contains(digest.as_str()));
        wanted.extend(blobs);
        Ok(if self.registry.settings.sparse_indexes {
            Vec::new()
        } else {
            missing
        })
    }

    fn check_size(&self, digest: &Digest, actual: u64) -> Result<(), RegistryError> {
        match self
            .plan
            .blobs
            .binary_search_by(|blob| blob.digest.cmp(digest))
        {
            Ok(found) if self.plan.blobs[found].size != actual => {
                Err(RegistryError::SizeInvalid(format!(
                    "the manifest gives blob {digest} {} bytes, but it has {actual}",
                    self.plan.blobs[found].size
                )))
            }
            _ => Ok(()),
        }
    }

    async fn insert(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        blobs: &[(Digest, i64)],
        touched: &mut Vec<ArtifactId>,
    ) -> Result<ArtifactId, RegistryError> {
        let plan = &self.plan;
        let artifact = artifacts::insert(tx, &self.new_artifact(repository)?).await?;
        store::insert(tx, artifact, &plan.bytes).await?;
        parts::insert_blobs(tx, artifact, blobs).await?;
        parts::insert_references(tx, artifact, repository, &plan.manifest.manifests).await?;
        if plan.is_index() {
            let size = parts::size_of_index(tx, repository, artifact).await?;
            artifacts::set_size(tx, artifact, size).await?;
            touched.extend(
                artifacts::rows(tx, repository, &plan.children)
                    .await?
                    .iter()
                    .map(|child| child.id),
            );
        }
        // Indexes that were pushed before this child, and accessories before their subject.
        index_size::refresh_above(tx, repository, std::slice::from_ref(&plan.digest)).await?;
        let accessories = artifacts::accessory_rows(tx, repository, &plan.digest).await?;
        touched.extend(accessories.iter().map(|accessory| accessory.id));
        Ok(artifact)
    }

    fn new_artifact(
        &self,
        repository: RepositoryId,
    ) -> Result<artifacts::NewArtifact, RegistryError> {
        let plan = &self.plan;
        let json = |error: serde_json::Error| RegistryError::Internal(error.to_string());
        Ok(artifacts::NewArtifact {
            project_id: self.project.id,
            repository_id: repository,
            digest: plan.digest.clone(),
            kind: plan.kind.clone(),
            media_type: plan.media_type().to_owned(),
            manifest_media_type: plan.manifest.media_type.clone(),
            artifact_type: plan.artifact_type().to_owned(),
            size: plan.size(),
            manifest_size: i64::try_from(plan.bytes.len()).unwrap_or(i64::MAX),
            icon: plan.icon(),
            extra_attrs: serde_json::to_string(&plan.extra_attrs).map_err(json)?,
            annotations: serde_json::to_string(&facts::annotations(&plan.manifest.annotations))
                .map_err(json)?,
            subject_digest: plan
                .manifest
                .subject
                .as_ref()
                .map(|subject| subject.digest.to_string()),
            accessory_kind: plan
                .accessory
                .as_ref()
                .map(|accessory| accessory.kind.to_owned()),
            accessory_subject: plan
                .accessory
                .as_ref()
                .map(|accessory| accessory.subject.to_string()),
            now: self.now,
        })
    }

    /// Points the tags to the artifact; gives those that did not point there before.
    async fn set_tags(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        artifact: ArtifactId,
        touched: &mut Vec<ArtifactId>,
    ) -> Result<Vec<Tag>, RegistryError> {
        let mut moved = Vec::new();
        for name in &self.plan.tags {
            match tag::store::by_name(tx, repository, name.as_str()).await? {
                Some(tag) if tag.artifact_id == artifact => continue,
                Some(tag) => {
                    tag::store::add_tags(tx, tag.artifact_id, -1).await?;
                    touched.push(tag.artifact_id);
                }
                None => {}
            }
            tag::store::put(tx, repository, artifact, name.as_str(), self.now).await?;
            tag::store::add_tags(tx, artifact, 1).await?;
            moved.push(name.clone());
        }
        Ok(moved)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        repository: RepositoryId,
        artifact: ArtifactId,
    ) -> Result<(), RegistryError> {
        let plan = &self.plan;
        let resource = match plan.tags.first() {
            Some(tag) => format!("{}:{tag}", self.repository),
            None => format!("{}@{}", self.repository, plan.digest),
        };
        let entry = self.author.did(
            Operation::Create,
            ResourceType::Artifact,
            resource,
            Some(&self.project),
            self.now,
        );
        let event = Event::ManifestPushed(ManifestEvent {
            project_id: self.project.id,
            project_name: self.project.name.clone(),
            repository_id: repository,
            repository_name: self.repository.to_string(),
            artifact_id: artifact,
            digest: plan.digest.to_string(),
            media_type: plan.manifest.media_type.clone(),
            tags: plan.tags.iter().map(Tag::to_string).collect(),
            operator: self.author.username.clone(),
        });
        Ok(seawall_events::record(tx, &entry, Some(&event)).await?)
    }
}

async fn linked_in(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
) -> Result<HashSet<String>, RegistryError> {
    Ok(crate::blob::store::linked_of(tx, repository, digests)
        .await?
        .into_iter()
        .collect())
}
