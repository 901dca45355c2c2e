//! What the owner of a registry sets about its storage, and the opening of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{BlobStorage, LocalStorage, S3Storage, StorageError};

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for those who must send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where blobs lie.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// Which implementation, and its settings.
    pub kind: StorageKind,
}

/// An implementation and its settings.
#[derive(Clone, Debug)]
pub enum StorageKind {
    /// A folder of this machine, or one that several machines mount.
    Local(LocalSettings),
    /// A bucket of an S3-compatible object store.
    S3(S3Settings),
}

/// A local folder.
#[derive(Clone, Debug)]
pub struct LocalSettings {
    /// The folder; it is made if it is missing.
    pub path: PathBuf,
    /// Whether other replicas use the same folder.
    pub shared: bool,
    /// How many bytes of the file system uploads leave free.
    pub reserve_bytes: u64,
}

impl LocalSettings {
    /// A folder of one's own, with the default reserve of 256 MiB.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            shared: false,
            reserve_bytes: 256 * 1024 * 1024,
        }
    }
}

/// A bucket of an S3-compatible object store.
#[derive(Clone, Debug)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// A prefix of all keys; empty for none.
    pub prefix: String,
    /// The store's address, such as `http://127.0.0.1:9000`; `None` for AWS.
    pub endpoint: Option<String>,
    /// The address under which clients reach the store, for redirects, when it
    /// differs from `endpoint`.
    pub public_endpoint: Option<String>,
    /// The region, `us-east-1` if the store has none.
    pub region: String,
    /// The access key; `None` takes credentials from the environment or the instance.
    pub access_key: Option<String>,
    /// The secret that belongs to the access key.
    pub secret_key: Option<Secret>,
    /// Whether the bucket stands in the path (`http://host/bucket/key`) rather
    /// than in the host name.
    pub path_style: bool,
    /// Whether pulls are redirected to presigned URLs.
    pub redirect: bool,
    /// How long a presigned URL holds.
    pub redirect_expiry: Duration,
    /// How many uploads may be written at the same time; each takes up to 6 MiB, and more as
    /// its parts grow.
    pub max_active_uploads: usize,
    /// After so many parts of one size the next are twice as large, from 5 MiB up to 80 MiB.
    pub parts_of_a_size: usize,
    /// How long one request may take, its retries not counted.
    pub request_timeout: Duration,
    /// How long one operation may take with all its retries.
    pub retry_timeout: Duration,
}

impl S3Settings {
    /// Settings for a bucket, everything else by default.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            endpoint: None,
            public_endpoint: None,
            region: "us-east-1".to_owned(),
            access_key: None,
            secret_key: None,
            path_style: true,
            redirect: false,
            redirect_expiry: Duration::from_mins(20),
            max_active_uploads: 64,
            parts_of_a_size: 1000,
            request_timeout: Duration::from_secs(15),
            retry_timeout: Duration::from_secs(20),
        }
    }
}

/// Opens the storage that the settings name.
///
/// # Errors
/// [`StorageError::Misconfigured`] or what the file system says.
pub async fn open(settings: &StorageSettings) -> Result<Arc<dyn BlobStorage>, StorageError> {
    match &settings.kind {
        StorageKind::Local(settings) => Ok(Arc::new(LocalStorage::open(settings).await?)),
        StorageKind::S3(settings) => Ok(Arc::new(S3Storage::open(settings)?)),
    }
}
