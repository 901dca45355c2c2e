//! Manifests: fetched, looked for, put and deleted.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use seawall_oci::{Digest, MAX_MANIFEST_BYTES, media_type};

use crate::TransferError;
use crate::endpoint::{Endpoint, failed, limited, scope};

const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// How much of a refusal is told on.
const SAID_BYTES: usize = 4096;

/// A manifest as a registry gave it.
#[derive(Clone, Debug)]
pub struct FetchedManifest {
    /// Of its bytes, computed here.
    pub digest: Digest,
    /// What the registry says it is.
    pub media_type: String,
    /// As they were pushed.
    pub bytes: Bytes,
}

impl Endpoint {
    /// The manifest that `reference`, a tag or a digest, names in a repository. A digest's bytes
    /// are checked.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<FetchedManifest, TransferError> {
        let url = self.at(repository, &format!("manifests/{reference}"))?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(MANIFESTS))]);
        let answer = self
            .send(Method::GET, &url, &scope(repository, false), headers, None)
            .await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(
                status,
                format!(
                    "{} does not give the manifest {reference}: {status}",
                    self.host()
                ),
            ));
        }
        let media_type = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or(media_type::OCI_MANIFEST)
            .to_owned();
        let bytes = limited(answer, MAX_MANIFEST_BYTES).await?;
        let digest = match reference.parse::<Digest>() {
            Ok(asked) => {
                let digest = Digest::of(asked.algorithm(), &bytes);
                if digest != asked {
                    return Err(TransferError::Passing(format!(
                        "{} gives other bytes than {reference}",
                        self.host()
                    )));
                }
                digest
            }
            Err(_) => Digest::sha256(&bytes),
        };
        Ok(FetchedManifest {
            digest,
            media_type,
            bytes: bytes.into(),
        })
    }

    /// The digest that the registry has under `reference`, if it has anything; empty when it does
    /// not say which. `scope_of_push` asks with the rights of a push, which the next request needs.
    pub async fn manifest_digest(
        &self,
        repository: &str,
        reference: &str,
        scope_of_push: bool,
    ) -> Result<Option<String>, TransferError> {
        let url = self.at(repository, &format!("manifests/{reference}"))?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(MANIFESTS))]);
        let scope = scope(repository, scope_of_push);
        let answer = self.send(Method::HEAD, &url, &scope, headers, None).await?;
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
                    self.host()
                ),
            )),
        }
    }

    /// Puts a manifest under `reference`, a tag or its own digest.
    pub async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<(), TransferError> {
        let url = self.at(repository, &format!("manifests/{reference}"))?;
        let media_type = HeaderValue::from_str(media_type).map_err(|_| {
            TransferError::Lasting(format!("{media_type:?} is no type of a manifest"))
        })?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, media_type)]);
        let scope = scope(repository, true);
        let answer = self
            .send(Method::PUT, &url, &scope, headers, Some(bytes))
            .await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = limited(answer, SAID_BYTES).await.unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Err(failed(
            status,
            format!(
                "{} does not take the manifest {reference}: {status} {said}",
                self.host()
            ),
        ))
    }

    /// Deletes what `reference` names. Whether it was there.
    pub async fn delete_manifest(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<bool, TransferError> {
        let url = self.at(repository, &format!("manifests/{reference}"))?;
        let scope = format!("repository:{repository}:pull,push,delete");
        let answer = self
            .send(Method::DELETE, &url, &scope, HeaderMap::new(), None)
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            status => Err(failed(
                status,
                format!("{} does not delete {reference}: {status}", self.host()),
            )),
        }
    }
}
