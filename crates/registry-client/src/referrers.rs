//! What refers to a manifest: signatures, SBOMs, provenance (distribution-spec 1.1 § Listing
//! referrers, and the tag that stands in for it on registries that do not know the route).

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use seawall_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, media_type};

use crate::TransferError;
use crate::endpoint::{Endpoint, failed, limited, scope};

impl Endpoint {
    /// The manifests whose `subject` is `digest`. Only the first page: as many as fit the largest
    /// manifest.
    pub async fn referrers(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, TransferError> {
        let url = self.at(repository, &format!("referrers/{digest}"))?;
        let scope = scope(repository, false);
        let answer = self
            .send(Method::GET, &url, &scope, HeaderMap::new(), None)
            .await?;
        let status = answer.status();
        let bytes = match status {
            StatusCode::OK => limited(answer, MAX_MANIFEST_BYTES).await?.into(),
            StatusCode::NOT_FOUND => {
                let tag = format!("{}-{}", digest.algorithm(), digest.hex());
                if self
                    .manifest_digest(repository, &tag, false)
                    .await?
                    .is_none()
                {
                    return Ok(Vec::new());
                }
                self.manifest(repository, &tag).await?.bytes
            }
            status => {
                return Err(failed(
                    status,
                    format!("{} lists no referrers: {status}", self.host()),
                ));
            }
        };
        Manifest::parse(Some(media_type::OCI_INDEX), &bytes)
            .map(|index| index.manifests)
            .map_err(|error| {
                TransferError::Lasting(format!("{} lists no referrers: {error}", self.host()))
            })
    }
}
