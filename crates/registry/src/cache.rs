//! What is kept in memory: names of projects, what references point to, which blobs
//! are linked, and the bytes of manifests.
//!
//! In one process everything holds until it is invalidated, after the commit. When other
//! replicas write too, only what never changes is kept (bytes by their digest), and the
//! facts of projects for a few seconds.

use std::sync::Arc;

use bytes::Bytes;
use seawall_database::Tx;
use seawall_database::cache::{Coherence, Coherent};
use seawall_identity::ProjectRef;
use seawall_ids::ProjectId;
use seawall_oci::{Digest, Reference, RepositoryName, Tag};

use crate::RegistrySettings;
use crate::manifest::store::Target;

/// Bytes that an entry costs beside the manifest's own.
const ENTRY_OVERHEAD_BYTES: u64 = 256;

/// The caches of a [`Registry`](crate::Registry).
pub(crate) struct Caches {
    /// Whether other replicas write too.
    shared: bool,
    projects_by_name: Coherent<String, ProjectRef>,
    projects_by_id: Coherent<ProjectId, ProjectRef>,
    targets: Coherent<(RepositoryName, Reference), Arc<Target>>,
    links: Coherent<(RepositoryName, Digest), ()>,
    bodies: quick_cache::sync::Cache<Digest, Bytes, BodyWeight>,
}

#[derive(Clone)]
struct BodyWeight;

impl quick_cache::Weighter<Digest, Bytes> for BodyWeight {
    fn weight(&self, _: &Digest, body: &Bytes) -> u64 {
        body.len() as u64 + ENTRY_OVERHEAD_BYTES
    }
}

impl Caches {
    pub(crate) fn new(shared: bool, settings: &RegistrySettings) -> Self {
        let coherence = if shared {
            Coherence::Shared(settings.shared_staleness)
        } else {
            Coherence::Exclusive
        };
        let entries = settings.name_cache_entries;
        let bytes = settings.manifest_cache_bytes;
        let items = usize::try_from(bytes / 2048)
            .unwrap_or(usize::MAX)
            .clamp(16, 100_000);
        Self {
            shared,
            projects_by_name: Coherent::new(coherence, entries),
            projects_by_id: Coherent::new(coherence, entries),
            targets: Coherent::new(coherence, entries),
            links: Coherent::new(coherence, entries),
            bodies: quick_cache::sync::Cache::with_weighter(items, bytes, BodyWeight),
        }
    }

    pub(crate) async fn project_by_name<E, F>(
        &self,
        name: &str,
        load: impl FnOnce() -> F,
    ) -> Result<ProjectRef, E>
    where
        F: Future<Output = Result<ProjectRef, E>>,
    {
        if let Some(project) = self.projects_by_name.get(name) {
            return Ok(project);
        }
        self.projects_by_name
            .get_or_load(&name.to_owned(), load)
            .await
    }

    pub(crate) async fn project_by_id<E, F>(
        &self,
        id: ProjectId,
        load: impl FnOnce() -> F,
    ) -> Result<ProjectRef, E>
    where
        F: Future<Output = Result<ProjectRef, E>>,
    {
        self.projects_by_id.get_or_load(&id, load).await
    }

    /// What a reference points to: always from the database when other replicas may move it.
    pub(crate) async fn target<E, F>(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        load: impl FnOnce() -> F,
    ) -> Result<Arc<Target>, E>
    where
        F: Future<Output = Result<Arc<Target>, E>>,
    {
        if self.shared {
            return load().await;
        }
        self.targets
            .get_or_load(&(repository.clone(), reference.clone()), load)
            .await
    }

    /// Whether a blob is linked: an error of `load` stands for no, and is not kept.
    pub(crate) async fn link<E, F>(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        load: impl FnOnce() -> F,
    ) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
    {
        if self.shared {
            return load().await;
        }
        self.links
            .get_or_load(&(repository.clone(), digest.clone()), load)
            .await
    }

    pub(crate) fn body(&self, digest: &Digest) -> Option<Bytes> {
        self.bodies.get(digest)
    }

    pub(crate) fn keep_body(&self, digest: &Digest, body: Bytes) {
        self.bodies.insert(digest.clone(), body);
    }

    /// Forgets a project once the transaction has committed.
    pub(crate) fn project_changes(self: &Arc<Self>, tx: &mut Tx, project: &ProjectRef) {
        let (caches, project) = (self.clone(), project.clone());
        tx.after_commit(move || {
            caches.projects_by_name.invalidate(&project.name);
            caches.projects_by_id.invalidate(&project.id);
        });
    }

    /// Forgets what tags and a digest point to once the transaction has committed.
    pub(crate) fn targets_change(
        self: &Arc<Self>,
        tx: &mut Tx,
        repository: &RepositoryName,
        digests: &[Digest],
        tags: &[Tag],
    ) {
        if self.shared {
            return;
        }
        let (caches, repository) = (self.clone(), repository.clone());
        let references: Vec<Reference> = digests
            .iter()
            .cloned()
            .map(Reference::Digest)
            .chain(tags.iter().cloned().map(Reference::Tag))
            .collect();
        tx.after_commit(move || {
            for reference in references {
                caches.targets.invalidate(&(repository.clone(), reference));
            }
        });
    }

    /// Forgets a link once the transaction has committed.
    pub(crate) fn link_changes(
        self: &Arc<Self>,
        tx: &mut Tx,
        repository: &RepositoryName,
        digest: &Digest,
    ) {
        let (caches, key) = (self.clone(), (repository.clone(), digest.clone()));
        tx.after_commit(move || caches.links.invalidate(&key));
    }

    /// Forgets links once the transaction has committed.
    pub(crate) fn links_end(self: &Arc<Self>, tx: &mut Tx, ended: Vec<(RepositoryName, Digest)>) {
        let caches = self.clone();
        tx.after_commit(move || ended.iter().for_each(|link| caches.links.invalidate(link)));
    }

    /// Forgets every reference and link once the transaction has committed: a repository goes.
    pub(crate) fn repository_goes(self: &Arc<Self>, tx: &mut Tx) {
        let caches = self.clone();
        tx.after_commit(move || {
            caches.targets.clear();
            caches.links.clear();
        });
    }
}
