//! Pulling a manifest: a reference becomes a target, a target bytes.
//!
//! In one process both come from memory. With replicas the target is one indexed read for
//! each request, and the bytes, which never change, come from memory.

use std::sync::Arc;

use bytes::Bytes;
use seawall_database::Timestamp;
use seawall_events::Pull;
use seawall_identity::{Permission, Permit};
use seawall_oci::{Digest, Manifest, ManifestKind, Reference, RepositoryName, media_type};

use super::StoredManifest;
use super::store::{self, Target};
use crate::{Registry, RegistryError};

impl Registry {
    /// The manifest that a reference points to.
    ///
    /// # Errors
    /// `ManifestUnknown` when there is none, also when there is no such repository or project.
    pub async fn get_manifest(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<StoredManifest, RegistryError> {
        let target = self.target(repository, reference).await?;
        permit.require(Permission::PULL, Some(target.project_id))?;
        let bytes = self.body(&target, repository, reference).await?;
        Ok(StoredManifest {
            kind: if crate::artifact::is_index_type(&target.media_type) {
                ManifestKind::Index
            } else {
                ManifestKind::Image
            },
            media_type: target.media_type.clone(),
            artifact_id: target.artifact_id,
            repository_id: target.repository_id,
            project_id: target.project_id,
            tag_id: target.tag_id,
            digest: target.digest.clone(),
            bytes,
        })
    }

    /// Counts and audits a pull (a GET, not a HEAD) of a manifest. It waits only if the
    /// deployment wants pulls audited before they are answered.
    ///
    /// # Errors
    /// `Database`, only when pulls wait.
    pub async fn count_pull(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        manifest: &StoredManifest,
    ) -> Result<(), RegistryError> {
        let separator = if reference.digest().is_some() {
            '@'
        } else {
            ':'
        };
        let caller = permit.caller();
        let pull = Pull {
            time: Timestamp::now(),
            project_id: manifest.project_id,
            project_name: repository.project().unwrap_or_default().to_owned(),
            repository_name: repository.to_string(),
            repository_id: manifest.repository_id,
            artifact_id: manifest.artifact_id,
            tag_id: manifest.tag_id,
            reference: format!("{separator}{reference}"),
            username: caller.username().to_owned(),
            origin: caller.origin.clone(),
        };
        Ok(self.audit.pulled(pull).await?)
    }

    pub(super) async fn target(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Arc<Target>, RegistryError> {
        self.caches
            .target(repository, reference, async || {
                let mut reader = self.database.read().await?;
                let found = match reference {
                    Reference::Tag(tag) => {
                        store::by_tag(&mut reader, repository.as_str(), tag.as_str()).await?
                    }
                    Reference::Digest(digest) => {
                        store::by_digest(&mut reader, repository.as_str(), digest.as_str()).await?
                    }
                };
                found
                    .map(Arc::new)
                    .ok_or_else(|| unknown(repository, reference))
            })
            .await
    }

    async fn body(
        &self,
        target: &Target,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Bytes, RegistryError> {
        if let Some(body) = self.caches.body(&target.digest) {
            return Ok(body);
        }
        let mut reader = self.database.read().await?;
        let body = store::body(&mut reader, target.artifact_id).await?;
        let body = Bytes::from(body.ok_or_else(|| unknown(repository, reference))?);
        self.caches.keep_body(&target.digest, body.clone());
        Ok(body)
    }
}

pub(crate) fn unknown(repository: &RepositoryName, reference: &Reference) -> RegistryError {
    RegistryError::ManifestUnknown {
        repository: repository.to_string(),
        reference: reference.to_string(),
    }
}

/// Whether a client that sent these `Accept` headers knows Docker's schema 2 and no kind of list,
/// so that a list must be answered with its child for linux/amd64, as distribution 2.x does.
pub fn needs_schema2<'a>(accept: impl IntoIterator<Item = &'a str>) -> bool {
    let mut schema2 = false;
    for kind in accept.into_iter().flat_map(|header| header.split(',')) {
        match media_type::essence(kind) {
            media_type::DOCKER_MANIFEST => schema2 = true,
            media_type::DOCKER_MANIFEST_LIST | media_type::OCI_INDEX | "*/*" | "application/*" => {
                return false;
            }
            _ => {}
        }
    }
    schema2
}

/// The child of a list for a client that knows no lists: linux/amd64, if it is a manifest of
/// Docker's schema 2.
pub fn default_platform(list: &StoredManifest) -> Option<Digest> {
    if &*list.media_type != media_type::DOCKER_MANIFEST_LIST {
        return None;
    }
    let manifest = Manifest::parse(Some(&list.media_type), &list.bytes).ok()?;
    manifest
        .default_platform()
        .map(|child| child.digest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clients_without_lists_get_a_child() {
        assert!(needs_schema2([media_type::DOCKER_MANIFEST]));
        assert!(needs_schema2([
            "application/vnd.docker.distribution.manifest.v1+prettyjws, application/vnd.docker.distribution.manifest.v2+json;q=0.9"
        ]));
        assert!(!needs_schema2([
            media_type::DOCKER_MANIFEST,
            media_type::OCI_INDEX
        ]));
        assert!(!needs_schema2([]));
        assert!(!needs_schema2(["*/*"]));
    }
}
