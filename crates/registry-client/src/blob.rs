//! Blobs, one at a time: whether they are there, their bytes in both directions, and mounts. From
//! registry to registry they go by `copy.rs`.

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Body, Method, StatusCode};
use seawall_oci::Digest;
use seawall_telemetry::chain;
use url::Url;

use crate::TransferError;
use crate::endpoint::{Endpoint, failed, scope};

impl Endpoint {
    /// Whether a repository has a blob. `scope_of_push` asks with the rights of a push, which the
    /// next request needs.
    pub async fn has_blob(
        &self,
        repository: &str,
        digest: &str,
        scope_of_push: bool,
    ) -> Result<bool, TransferError> {
        let url = self.at(repository, &format!("blobs/{digest}"))?;
        let scope = scope(repository, scope_of_push);
        let answer = self
            .send(Method::HEAD, &url, &scope, HeaderMap::new(), None)
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            status => Err(failed(
                status,
                format!(
                    "{} does not say whether {digest} is there: {status}",
                    self.host()
                ),
            )),
        }
    }

    /// The bytes of a blob from `offset` on. Nobody has compared them with the digest yet, and they
    /// may be more than a manifest said: whoever reads must count and hash.
    pub async fn blob(
        &self,
        repository: &str,
        digest: &Digest,
        offset: u64,
    ) -> Result<impl Stream<Item = Result<Bytes, TransferError>> + Send + use<>, TransferError>
    {
        let url = self.at(repository, &format!("blobs/{digest}"))?;
        let mut headers = HeaderMap::new();
        if offset > 0 {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            headers.extend(range.map(|range| (RANGE, range)));
        }
        let answer = self
            .send(Method::GET, &url, &scope(repository, false), headers, None)
            .await?;
        let status = answer.status();
        let expected = if offset > 0 {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        };
        if status != expected {
            return Err(failed(
                status,
                format!("{} does not give {digest}: {status}", self.host()),
            ));
        }
        Ok(answer
            .bytes_stream()
            .map_err(|error| TransferError::Passing(chain(&error.without_url()).to_string())))
    }

    /// Begins an upload: where its bytes go.
    pub(crate) async fn begin_upload(&self, repository: &str) -> Result<Url, TransferError> {
        let url = self.at(repository, "blobs/uploads/")?;
        let scope = scope(repository, true);
        let answer = self
            .send(Method::POST, &url, &scope, HeaderMap::new(), None)
            .await?;
        let status = answer.status();
        if status != StatusCode::ACCEPTED {
            return Err(failed(
                status,
                format!("{} begins no upload: {status}", self.host()),
            ));
        }
        self.location(&url, &answer)
    }

    /// Puts a blob whose bytes `body` gives, `size` of them. A blob that is there is sent all the
    /// same: ask [`Endpoint::has_blob`] first, which also fetches the token that this needs.
    pub async fn put_blob(
        &self,
        repository: &str,
        digest: &Digest,
        size: u64,
        body: impl Into<Body>,
    ) -> Result<(), TransferError> {
        let mut url = self.begin_upload(repository).await?;
        url.query_pairs_mut().append_pair("digest", digest.as_str());
        let request = self
            .stream(Method::PUT, &url, &scope(repository, true), body.into())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size);
        let status = self.execute(request).await?.status();
        if status == StatusCode::CREATED {
            return Ok(());
        }
        Err(failed(
            status,
            format!("{} does not take {digest}: {status}", self.host()),
        ))
    }

    /// Asks for a blob to be had from another repository of the same registry. Whether it was; if
    /// not, it is to be sent.
    pub async fn mount(
        &self,
        repository: &str,
        digest: &Digest,
        from: &str,
    ) -> Result<bool, TransferError> {
        let mut url = self.at(repository, "blobs/uploads/")?;
        url.query_pairs_mut()
            .append_pair("mount", digest.as_str())
            .append_pair("from", from);
        let scope = format!("{} {}", scope(repository, true), scope(from, false));
        let answer = self
            .send(Method::POST, &url, &scope, HeaderMap::new(), None)
            .await?;
        match answer.status() {
            StatusCode::CREATED => Ok(true),
            // An upload was begun instead, which nobody is going to use.
            StatusCode::ACCEPTED => {
                if let Ok(upload) = self.location(&url, &answer) {
                    let _ = self
                        .send(Method::DELETE, &upload, &scope, HeaderMap::new(), None)
                        .await;
                }
                Ok(false)
            }
            status => Err(failed(
                status,
                format!("{} mounts no blob: {status}", self.host()),
            )),
        }
    }
}
