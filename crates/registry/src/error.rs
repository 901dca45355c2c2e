//! What an operation of this room can answer instead of a result.
//!
//! One variant for each way that a surface answers: `/v2` maps them to the codes
//! of the distribution spec, `/api/v2.0` to Harbor's. Messages are for people and
//! hold nothing secret.

use seawall_content::ContentError;
use seawall_database::query::QueryError;
use seawall_database::{DatabaseError, TransactionError};
use seawall_identity::{IdentityError, WrongPermit};
use seawall_oci::{Digest, ManifestError, NameError};

/// Why an operation did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A project, repository, tag, … is not there. The message names it. 404.
    #[error("{0}")]
    NotFound(String),
    /// The repository is not there (`NAME_UNKNOWN`). 404.
    #[error("repository {0} not found")]
    RepositoryUnknown(String),
    /// The manifest is not in the repository (`MANIFEST_UNKNOWN`). 404.
    #[error("manifest {reference} is not in repository {repository}")]
    ManifestUnknown {
        /// The repository's full name.
        repository: String,
        /// The tag or digest that was asked for.
        reference: String,
    },
    /// The blob is not in the repository (`BLOB_UNKNOWN`). 404.
    #[error("blob {0} is not in the repository")]
    BlobUnknown(Digest),
    /// A manifest names blobs or manifests that are not in the repository
    /// (`MANIFEST_BLOB_UNKNOWN`). 400 on `/v2`, as distribution answers; 404 in the API.
    #[error("the manifest names {} that the repository does not have: {}", count(.0), first(.0))]
    ManifestBlobUnknown(Vec<Digest>),
    /// It exists already. 409.
    #[error("{0}")]
    Conflict(String),
    /// The request makes no sense. 400.
    #[error("{0}")]
    BadRequest(String),
    /// A parameter is out of what the API's schema allows. 422.
    #[error("{0}")]
    Unprocessable(String),
    /// Something else must happen first. 412.
    #[error("{0}")]
    Precondition(String),
    /// Not for this kind of project, or not for this blob as things are. 405.
    #[error("{0}")]
    MethodNotAllowed(String),
    /// Refused by a rule of the project (`DENIED`). 403.
    #[error("{0}")]
    Denied(String),
    /// More bytes than the project's quota allows; Harbor's message (`DENIED`). 403.
    #[error("{0}")]
    QuotaExceeded(String),
    /// The artifact is part of an index that is still there (`VIOLATE_FOREIGN_KEY_CONSTRAINT`). 412.
    #[error("{0}")]
    Referenced(String),
    /// A surface asked for one permission and used another: a defect. 500.
    #[error(transparent)]
    WrongPermit(#[from] WrongPermit),
    /// Members could not be read or written.
    #[error(transparent)]
    Identity(IdentityError),
    /// The manifest cannot be read or breaks a rule (`MANIFEST_INVALID`). 400.
    #[error("{0}")]
    ManifestInvalid(String),
    /// A digest does not belong to the bytes (`DIGEST_INVALID`). 400.
    #[error("{0}")]
    DigestInvalid(String),
    /// A descriptor gives another size than the blob has (`SIZE_INVALID`). 400.
    #[error("{0}")]
    SizeInvalid(String),
    /// A name is out of the grammar (`NAME_INVALID`). 400.
    #[error(transparent)]
    NameInvalid(#[from] NameError),
    /// More than a manifest may be (413).
    #[error("a manifest may have at most {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not offered (`UNSUPPORTED`). 400.
    #[error("{0}")]
    Unsupported(String),
    /// A blob could not be read or written.
    #[error(transparent)]
    Content(ContentError),
    /// The database failed; retry later when it says so. 503 or 500.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What the database holds cannot be read back. 500.
    #[error("{0}")]
    Internal(String),
}

impl RegistryError {
    /// `project team not found`.
    pub(crate) fn project_not_found(name_or_id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("project {name_or_id} not found"))
    }

    /// `artifact team/app:v1 not found`, with Harbor's separators.
    pub(crate) fn artifact_not_found(repository: &str, reference: &seawall_oci::Reference) -> Self {
        let separator = if reference.digest().is_some() {
            '@'
        } else {
            ':'
        };
        Self::NotFound(format!(
            "artifact {repository}{separator}{reference} not found"
        ))
    }
}

impl From<ManifestError> for RegistryError {
    fn from(error: ManifestError) -> Self {
        Self::ManifestInvalid(error.to_string())
    }
}

impl From<QueryError> for RegistryError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Malformed(message) => Self::BadRequest(message),
            QueryError::Unprocessable(message) => Self::Unprocessable(message),
        }
    }
}

impl From<ContentError> for RegistryError {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Database(error) => Self::Database(error),
            ContentError::BlobUnknown(digests) => Self::ManifestBlobUnknown(digests),
            error => Self::Content(error),
        }
    }
}

impl From<IdentityError> for RegistryError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Database(error) => Self::Database(error),
            error => Self::Identity(error),
        }
    }
}

impl TransactionError for RegistryError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// `1 blob or manifest`, `3 blobs or manifests`.
fn count(digests: &[Digest]) -> String {
    match digests.len() {
        1 => "1 blob or manifest".to_owned(),
        more => format!("{more} blobs or manifests"),
    }
}

/// The first few digests; there may be ten thousand.
fn first(digests: &[Digest]) -> String {
    let shown: Vec<&str> = digests.iter().take(5).map(Digest::as_str).collect();
    shown.join(", ")
}
