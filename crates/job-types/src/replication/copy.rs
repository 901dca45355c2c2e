//! From artifact to artifact, from manifest to manifest; blobs are `blob.rs`'s.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use seawall_jobs::{JobContext, Progress};
use serde::Deserialize;
use sha2::Digest as _;

use super::blob::Blob;
use super::endpoint::{Endpoint, failed, limited, scope};
use super::resource::{Artifact, Replication};
use super::{ReplicationSettings, TransferError};

/// The largest manifest, which is also the distribution API's least upper bound.
const MANIFEST_BYTES: usize = 4 << 20;
/// An index in an index in an index.
const DEEPEST: u32 = 4;

const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// One run.
pub(super) struct Transfer<'a> {
    pub(super) source: Endpoint,
    pub(super) target: Endpoint,
    pub(super) replication: &'a Replication,
    pub(super) settings: &'a ReplicationSettings,
    pub(super) context: &'a JobContext,
}

struct Manifest {
    digest: String,
    media_type: HeaderValue,
    bytes: Bytes,
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
        let manifest = self.manifest(from).await?;
        if let Some(there) = self.digest_there(to).await? {
            if there == manifest.digest {
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
        manifest: Manifest,
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
                    let manifest = self.manifest(&child.digest).await?;
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
                Blob {
                    transfer: self,
                    digest: &descriptor.digest,
                    size: descriptor.size,
                }
                .copy()
                .await?;
            }
            let url = self.target.at(self.to(), &format!("manifests/{to}"))?;
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, manifest.media_type)]);
            let scope = scope(self.to(), true);
            let answer = self
                .target
                .send(Method::PUT, &url, &scope, headers, Some(manifest.bytes))
                .await?;
            let status = answer.status();
            if !status.is_success() {
                let said = limited(answer, 4096).await.unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                return Err(failed(
                    status,
                    format!(
                        "{} does not take the manifest {to}: {status} {said}",
                        self.target.host()
                    ),
                ));
            }
            self.context
                .log
                .info(format_args!("{}:{to} is copied", self.to()));
            Ok(())
        }
        .boxed()
    }

    async fn manifest(&self, reference: &str) -> Result<Manifest, TransferError> {
        let url = self
            .source
            .at(self.from(), &format!("manifests/{reference}"))?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(MANIFESTS))]);
        let answer = self
            .source
            .send(Method::GET, &url, &scope(self.from(), false), headers, None)
            .await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(
                status,
                format!(
                    "{} does not give the manifest {reference}: {status}",
                    self.source.host()
                ),
            ));
        }
        let media_type = answer.headers().get(CONTENT_TYPE).cloned();
        let bytes = limited(answer, MANIFEST_BYTES).await?;
        let digest = format!("sha256:{}", hex::encode(sha2::Sha256::digest(&bytes)));
        if reference.starts_with("sha256:") && reference != digest {
            return Err(TransferError::Passing(format!(
                "{} gives other bytes than {reference}",
                self.source.host()
            )));
        }
        Ok(Manifest {
            digest,
            media_type: media_type.unwrap_or(HeaderValue::from_static(
                "application/vnd.oci.image.manifest.v1+json",
            )),
            bytes: bytes.into(),
        })
    }

    /// The digest of what has this name at the destination, if anything has.
    async fn digest_there(&self, reference: &str) -> Result<Option<String>, TransferError> {
        let url = self
            .target
            .at(self.to(), &format!("manifests/{reference}"))?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(MANIFESTS))]);
        let answer = self
            .target
            .send(Method::HEAD, &url, &scope(self.to(), true), headers, None)
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let digest = answer.headers().get("docker-content-digest");
                let digest = digest
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                Ok(Some(digest.to_owned()))
            }
            status => Err(failed(
                status,
                format!(
                    "{} does not say whether {reference} is there: {status}",
                    self.target.host()
                ),
            )),
        }
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
            let url = self
                .target
                .at(self.to(), &format!("manifests/{reference}"))?;
            let scope = format!("repository:{}:pull,push,delete", self.to());
            let answer = self
                .target
                .send(Method::DELETE, &url, &scope, HeaderMap::new(), None)
                .await?;
            match answer.status() {
                StatusCode::NOT_FOUND => self
                    .context
                    .log
                    .info(format_args!("{}:{reference} is not there", self.to())),
                status if status.is_success() => self
                    .context
                    .log
                    .info(format_args!("{}:{reference} is deleted", self.to())),
                status => {
                    return Err(failed(
                        status,
                        format!(
                            "{} does not delete {reference}: {status}",
                            self.target.host()
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) fn from(&self) -> &str {
        &self.replication.source.metadata.repository.name
    }

    pub(super) fn to(&self) -> &str {
        &self.replication.target.metadata.repository.name
    }
}
