//! From artifact to artifact, from manifest to manifest, by `seawall-registry-client`.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use seawall_jobs::{JobContext, Progress};
use seawall_registry_client::{
    BlobCopy, CopySettings, Endpoint, FetchedManifest, Passage, TransferError,
};
use serde::Deserialize;

use super::resource::{Artifact, Replication};

/// An index in an index in an index.
const DEEPEST: u32 = 4;

/// One run.
pub(super) struct Transfer<'a> {
    pub(super) source: Endpoint,
    pub(super) target: Endpoint,
    pub(super) replication: &'a Replication,
    pub(super) settings: CopySettings,
    pub(super) context: &'a JobContext,
}

/// What a manifest names, image or index.
#[derive(Debug, Deserialize)]
struct Named {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    size: u64,
}

impl Descriptor {
    /// Its bytes lie elsewhere on the web, and no registry has them.
    fn is_foreign(&self) -> bool {
        self.media_type.contains("foreign") || self.media_type.contains("nondistributable")
    }
}

impl Transfer<'_> {
    pub(super) async fn run(&self) -> Result<(), TransferError> {
        let (source, target) = (
            &self.replication.source.metadata,
            &self.replication.target.metadata,
        );
        let total = target.artifacts.len() as u64;
        for (at, artifact) in target.artifacts.iter().enumerate() {
            self.context.progress(Progress {
                done: at as u64,
                total: Some(total),
                message: target.repository.name.clone(),
            });
            if self.replication.target.deleted {
                self.delete(artifact).await?;
            } else {
                // As many as there are here, or it would not have been accepted.
                let from = source.artifacts.get(at).unwrap_or(artifact);
                self.artifact(from, artifact).await?;
            }
        }
        Ok(())
    }

    async fn artifact(&self, from: &Artifact, to: &Artifact) -> Result<(), TransferError> {
        if to.tags.is_empty() {
            return self.reference(&from.digest, &from.digest).await;
        }
        for (at, tag) in to.tags.iter().enumerate() {
            // Of two tags of one artifact the second finds everything there.
            let from = from
                .tags
                .get(at)
                .map_or(from.digest.as_str(), String::as_str);
            self.reference(from, tag).await?;
        }
        Ok(())
    }

    /// Copies what `from` names, under the name `to`.
    async fn reference(&self, from: &str, to: &str) -> Result<(), TransferError> {
        let (source, target) = (self.from(), self.to());
        let log = &self.context.log;
        log.info(format_args!(
            "{}/{source}:{from} to {}/{target}:{to}",
            self.source.host(),
            self.target.host()
        ));
        let manifest = self.source.manifest(source, from).await?;
        if let Some(there) = self.digest_there(to).await? {
            if there == manifest.digest.as_str() {
                log.info(format_args!("{target}:{to} is there already"));
                return Ok(());
            }
            if !self.replication.target.overrides {
                log.warning(format_args!(
                    "{target}:{to} is there with other content, which the policy does not replace"
                ));
                return Ok(());
            }
            log.info(format_args!(
                "{target}:{to} is there with other content and is replaced"
            ));
        }
        self.put(manifest, to, 0).await
    }

    /// Copies what a manifest names, then the manifest.
    fn put<'a>(
        &'a self,
        manifest: FetchedManifest,
        to: &'a str,
        depth: u32,
    ) -> BoxFuture<'a, Result<(), TransferError>> {
        async move {
            let named: Named = serde_json::from_slice(&manifest.bytes).map_err(|error| {
                TransferError::Lasting(format!("the manifest {}: {error}", manifest.digest))
            })?;
            if depth > DEEPEST {
                return Err(TransferError::Lasting(format!(
                    "the index {} is nested too deep",
                    manifest.digest
                )));
            }
            for child in &named.manifests {
                if self.digest_there(&child.digest).await?.is_none() {
                    let manifest = self.source.manifest(self.from(), &child.digest).await?;
                    self.put(manifest, &child.digest, depth + 1).await?;
                }
            }
            for descriptor in named.layers.iter().chain(&named.config) {
                if descriptor.is_foreign() {
                    self.context.log.info(format_args!(
                        "{} lies elsewhere and is not copied",
                        descriptor.digest
                    ));
                    continue;
                }
                self.blob(descriptor).await?;
            }
            self.target
                .put_manifest(self.to(), to, &manifest.media_type, manifest.bytes)
                .await?;
            self.context
                .log
                .info(format_args!("{}:{to} is copied", self.to()));
            Ok(())
        }
        .boxed()
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<(), TransferError> {
        let (log, digest) = (&self.context.log, &descriptor.digest);
        let watch = |passage: Passage<'_>| match passage {
            Passage::AlreadyThere => log.debug(format_args!("{digest} is there already")),
            Passage::Copied => log.info(format_args!(
                "{digest} is copied, {} bytes",
                descriptor.size
            )),
            Passage::Again { error, pause } => log.warning(format_args!(
                "{digest}: {error}; again in {:.1} s",
                pause.as_secs_f64()
            )),
        };
        BlobCopy {
            source: (&self.source, self.from()),
            target: (&self.target, self.to()),
            digest,
            size: descriptor.size,
            settings: &self.settings,
            watch: &watch,
        }
        .copy()
        .await
    }

    /// The digest of what has this name at the destination, if anything has.
    async fn digest_there(&self, reference: &str) -> Result<Option<String>, TransferError> {
        self.target
            .manifest_digest(self.to(), reference, true)
            .await
    }

    async fn delete(&self, artifact: &Artifact) -> Result<(), TransferError> {
        let references: Vec<&String> = if artifact.tags.is_empty() {
            vec![&artifact.digest]
        } else {
            artifact.tags.iter().collect()
        };
        for reference in references {
            let reference = if self.replication.target.is_delete_tag || reference.contains(':') {
                reference.clone()
            } else {
                match self.digest_there(reference).await? {
                    Some(digest) => digest,
                    None => reference.clone(),
                }
            };
            let log = &self.context.log;
            if self.target.delete_manifest(self.to(), &reference).await? {
                log.info(format_args!("{}:{reference} is deleted", self.to()));
            } else {
                log.info(format_args!("{}:{reference} is not there", self.to()));
            }
        }
        Ok(())
    }

    fn from(&self) -> &str {
        &self.replication.source.metadata.repository.name
    }

    fn to(&self) -> &str {
        &self.replication.target.metadata.repository.name
    }
}
