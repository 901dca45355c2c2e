//! One bucket of an object store: requests with deadlines and retries, and
//! errors in this crate's terms. Knows keys, not uploads (`writer.rs`).

use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::Method;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::HttpError;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore as _,
    ObjectStoreExt as _, PutPayload, RetryConfig,
};
use seawall_oci::ByteRange;

use crate::body::ByteStream;
use crate::{S3Settings, StorageError};

/// A bucket and how to speak to it.
pub(super) struct Bucket {
    store: AmazonS3,
    /// Signs the URLs to which clients are sent.
    signer: AmazonS3,
    /// Removes many objects with one request.
    pub(super) remover: AmazonS3,
    /// Whether the store has said that it does not know that request.
    pub(super) removes_singly: AtomicBool,
    prefix: String,
    redirect_expiry: Duration,
    retry_timeout: Duration,
    /// After which an operation has failed, whatever happens.
    deadline: Duration,
}

impl Bucket {
    pub(super) fn new(settings: &S3Settings) -> Result<Self, StorageError> {
        let public = settings
            .public_endpoint
            .as_ref()
            .or(settings.endpoint.as_ref());
        Ok(Self {
            store: build(settings, settings.endpoint.as_deref(), true)?,
            signer: build(settings, public.map(String::as_str), true)?,
            remover: build(settings, settings.endpoint.as_deref(), false)?,
            removes_singly: AtomicBool::new(false),
            prefix: settings.prefix.trim_matches('/').to_owned(),
            redirect_expiry: settings.redirect_expiry,
            retry_timeout: settings.retry_timeout,
            deadline: settings.retry_timeout + settings.request_timeout,
        })
    }

    pub(super) fn path(&self, key: &str) -> Result<Path, StorageError> {
        let full = if self.prefix.is_empty() {
            Path::parse(key)
        } else {
            Path::parse(format!("{}/{key}", self.prefix))
        };
        full.map_err(|_| StorageError::NotFound(key.to_owned()))
    }

    /// Runs a request that may be sent twice: again when the connection broke,
    /// which the client below does not do for every kind of request, and never
    /// past the deadline.
    pub(super) async fn within<T, F>(
        &self,
        doing: &'static str,
        operation: impl Fn() -> F,
    ) -> Result<T, StorageError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let began = Instant::now();
        let mut pause = Duration::from_millis(50);
        let attempts = async {
            loop {
                match operation().await {
                    Err(error)
                        if is_broken_connection(&error)
                            && began.elapsed() + pause < self.retry_timeout =>
                    {
                        tracing::debug!(doing, %error, "trying again");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_secs(2));
                    }
                    result => return result.map_err(|error| sort(doing, error)),
                }
            }
        };
        let ended = tokio::time::timeout(self.deadline, attempts).await;
        ended.unwrap_or_else(|_| {
            Err(StorageError::Unavailable {
                doing,
                reason: format!("no answer within {} ms", self.deadline.as_millis()),
            })
        })
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), StorageError> {
        let path = self.path(key)?;
        let put = || self.store.put(&path, PutPayload::from(bytes.clone()));
        self.within("storing an object", put).await.map(drop)
    }

    /// All bytes of a small object.
    pub(super) async fn get(&self, key: &str) -> Result<Bytes, StorageError> {
        let path = self.path(key)?;
        let get = || async { self.store.get(&path).await?.bytes().await };
        self.within("reading an object", get).await
    }

    /// A part of an object as it comes.
    pub(super) async fn stream(
        &self,
        key: &str,
        range: ByteRange,
    ) -> Result<ByteStream, StorageError> {
        if range.length == 0 {
            return Ok(futures_util::stream::empty().boxed());
        }
        let path = self.path(key)?;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.start..range.start + range.length)),
            ..GetOptions::default()
        };
        let get = || self.store.get_opts(&path, options.clone());
        let found = self.within("reading a blob", get).await?;
        let stream = found.into_stream();
        Ok(stream
            .map_err(|error| sort("reading a blob", error))
            .boxed())
    }

    pub(super) async fn size(&self, key: &str) -> Result<Option<u64>, StorageError> {
        let path = self.path(key)?;
        match self
            .within("looking at an object", || self.store.head(&path))
            .await
        {
            Ok(found) => Ok(Some(found.size)),
            Err(StorageError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StorageError> {
        let path = self.path(key)?;
        match self
            .within("deleting an object", || self.store.delete(&path))
            .await
        {
            Err(StorageError::NotFound(_)) => Ok(()),
            deleted => deleted,
        }
    }

    pub(super) async fn create_multipart(&self, key: &str) -> Result<String, StorageError> {
        let path = self.path(key)?;
        let create = || self.store.create_multipart(&path);
        self.within("beginning a multipart upload", create).await
    }

    /// Sends the part with this number, counted from zero. Gives its name.
    pub(super) async fn put_part(
        &self,
        key: &str,
        multipart: &String,
        number: usize,
        bytes: Bytes,
    ) -> Result<String, StorageError> {
        let path = self.path(key)?;
        let put = || {
            let payload = PutPayload::from(bytes.clone());
            self.store.put_part(&path, multipart, number, payload)
        };
        match self.within("sending a part", put).await {
            Ok(part) => Ok(part.content_id),
            Err(StorageError::NotFound(_)) => Err(StorageError::UploadLost),
            Err(error) => Err(error),
        }
    }

    /// Makes the parts one object. An answer that was lost is no failure: the
    /// object is looked for when the store no longer knows the upload.
    pub(super) async fn complete_multipart(
        &self,
        key: &str,
        multipart: &String,
        parts: Vec<String>,
        size: u64,
    ) -> Result<(), StorageError> {
        let path = self.path(key)?;
        let parts = parts.into_iter().map(|content_id| PartId { content_id });
        let parts: Vec<PartId> = parts.collect();
        let complete = || {
            self.store
                .complete_multipart(&path, multipart, parts.clone())
        };
        match self.within("completing a multipart upload", complete).await {
            Ok(_) => Ok(()),
            Err(error) if self.size(key).await? == Some(size) => {
                tracing::warn!(%error, "a multipart upload was complete already");
                Ok(())
            }
            Err(StorageError::NotFound(_)) => Err(StorageError::UploadLost),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn abort_multipart(
        &self,
        key: &str,
        multipart: &String,
    ) -> Result<(), StorageError> {
        let path = self.path(key)?;
        let abort = || self.store.abort_multipart(&path, multipart);
        match self.within("aborting a multipart upload", abort).await {
            Err(StorageError::NotFound(_)) => Ok(()),
            // Some stores have other words for an upload that is complete.
            Err(_) if self.size(key).await?.is_some() => Ok(()),
            aborted => aborted,
        }
    }

    /// A URL from which a client may read the object for a while.
    pub(super) async fn presigned(&self, key: &str) -> Result<String, StorageError> {
        let path = self.path(key)?;
        let sign = || {
            self.signer
                .signed_url(Method::GET, &path, self.redirect_expiry)
        };
        Ok(self.within("signing a URL", sign).await?.into())
    }

    /// The objects under a folder.
    pub(super) fn list(
        &self,
        folder: &str,
    ) -> impl futures_util::Stream<Item = Result<(String, ObjectMeta), StorageError>> + Send + '_
    {
        self.list_after(folder, None)
    }

    /// The objects under a folder after a key, in the order of their keys, page by
    /// page; each page has its deadline.
    pub(super) fn list_after(
        &self,
        folder: &str,
        after: Option<&str>,
    ) -> impl futures_util::Stream<Item = Result<(String, ObjectMeta), StorageError>> + Send + '_
    {
        let folder = match (self.prefix.as_str(), folder) {
            ("", "") => None,
            ("", folder) => Some(Path::from(folder)),
            (prefix, "") => Some(Path::from(prefix)),
            (prefix, folder) => Some(Path::from(format!("{prefix}/{folder}"))),
        };
        let cut = if self.prefix.is_empty() {
            0
        } else {
            self.prefix.len() + 1
        };
        let after = after.and_then(|after| self.path(after).ok());
        let objects = match after {
            Some(after) => self.store.list_with_offset(folder.as_ref(), &after),
            None => self.store.list(folder.as_ref()),
        };
        objects.map(move |object| {
            let object = object.map_err(|error| sort("listing objects", error))?;
            let key = object.location.as_ref().get(cut..).unwrap_or_default();
            Ok((key.to_owned(), object))
        })
    }
}

fn build(
    settings: &S3Settings,
    endpoint: Option<&str>,
    removes_singly: bool,
) -> Result<AmazonS3, StorageError> {
    let plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut builder = match &settings.access_key {
        Some(key) => AmazonS3Builder::new().with_access_key_id(key),
        None => AmazonS3Builder::from_env(),
    };
    if let Some(secret) = &settings.secret_key {
        builder = builder.with_secret_access_key(secret.reveal());
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    // A request as a whole may take long, since a slow client reads it slowly;
    // what must not is one read, or one of our own operations (`within`).
    let client = ClientOptions::new()
        .with_allow_http(plain)
        .with_timeout_disabled()
        .with_connect_timeout(settings.request_timeout.min(Duration::from_secs(5)))
        .with_read_timeout(settings.request_timeout);
    builder
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_client_options(client)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            max_retries: 10,
            retry_timeout: settings.retry_timeout,
        })
        // Over TLS the bytes need no second hash.
        .with_unsigned_payload(!plain)
        .with_disable_bulk_delete(removes_singly)
        .build()
        .map_err(|error| StorageError::Misconfigured(error.to_string()))
}

/// Whether the store did not answer at all, so that it may with the next try.
fn is_broken_connection(error: &object_store::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<HttpError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Sorts an error of the object store.
pub(super) fn sort(doing: &'static str, error: object_store::Error) -> StorageError {
    let reason = error.to_string();
    let full = [
        "507 ",
        "StorageFull",
        "QuotaExceeded",
        "InsufficientStorage",
    ];
    match error {
        object_store::Error::NotFound { path, .. } => StorageError::NotFound(path),
        _ if full.iter().any(|word| reason.contains(word)) => StorageError::Full { doing },
        _ => StorageError::Unavailable { doing, reason },
    }
}
