//! How the failures of the rooms below are answered: one `From` for each of their error types.
//! What is the client's doing is told in full; what is ours is logged here, once, and told as little of.

use http::StatusCode;
use seawall_content::ContentError;
use seawall_database::DatabaseError;
use seawall_identity::IdentityError;
use seawall_oci::Digest;
use seawall_registry::RegistryError;
use seawall_storage::StorageError;
use serde_json::json;

use crate::error::{ApiError, ErrorCode};

/// How long a client is asked to wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: u32 = 2;

fn overloaded(message: impl Into<String>) -> ApiError {
    ApiError::unavailable(message, RETRY_AFTER_SECONDS)
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        if error.is_retryable() {
            tracing::warn!(%error, "the database did not answer a request");
            return overloaded("the registry's database is not available; try again later");
        }
        tracing::error!(%error, "the database failed a request");
        Self::internal()
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full { .. } => {
                tracing::error!(%error, "the storage is full");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    ErrorCode::Unavailable,
                    "the registry's storage is full",
                )
            }
            StorageError::Busy => overloaded("too many uploads are in progress; try again later"),
            StorageError::Unavailable { .. } => {
                tracing::warn!(%error, "the storage did not answer a request");
                overloaded("the registry's storage is not available; try again later")
            }
            StorageError::DigestMismatch { .. } => {
                Self::bad_request(ErrorCode::DigestInvalid, error.to_string())
            }
            StorageError::NotFound(_)
            | StorageError::UploadLost
            | StorageError::Misconfigured(_)
            | StorageError::Io { .. } => {
                tracing::error!(%error, "the storage failed a request");
                Self::internal()
            }
        }
    }
}

impl From<ContentError> for ApiError {
    fn from(error: ContentError) -> Self {
        let message = error.to_string();
        match error {
            ContentError::UploadUnknown => Self::not_found(ErrorCode::BlobUploadUnknown, message),
            ContentError::OutOfOrder { offset } => Self::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                ErrorCode::BlobUploadInvalid,
                message,
            )
            .with_detail(json!({ "offset": offset })),
            ContentError::SizeMismatch { .. } => Self::bad_request(ErrorCode::SizeInvalid, message),
            ContentError::TooLarge { .. } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::SizeInvalid,
                message,
            ),
            ContentError::DigestMismatch { expected, actual } => {
                Self::bad_request(ErrorCode::DigestInvalid, message)
                    .with_detail(json!({ "expected": expected, "actual": actual }))
            }
            ContentError::BlobUnknown(digests) => {
                Self::not_found(ErrorCode::BlobUnknown, message).with_detail(some(&digests))
            }
            ContentError::TooManyUploads => {
                overloaded("too many uploads are in progress; try again later")
            }
            ContentError::UploadBusy | ContentError::TakenOver => {
                Self::new(StatusCode::CONFLICT, ErrorCode::BlobUploadInvalid, message)
            }
            ContentError::BodyInterrupted(_) => {
                Self::bad_request(ErrorCode::BlobUploadInvalid, message)
            }
            ContentError::BodyTimeout { .. } => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorCode::BlobUploadInvalid,
                message,
            ),
            ContentError::Refused(refusal) => match refusal.downcast::<RegistryError>() {
                Ok(refusal) => Self::from(*refusal),
                Err(refusal) => Self::denied(refusal.to_string()),
            },
            ContentError::Storage(error) => error.into(),
            ContentError::Database(error) => error.into(),
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        match error {
            RegistryError::NotFound(_) | RegistryError::RepositoryUnknown(_) => {
                Self::not_found(ErrorCode::NameUnknown, message)
            }
            RegistryError::ManifestUnknown { reference, .. } => {
                Self::not_found(ErrorCode::ManifestUnknown, message)
                    .with_detail(json!({ "reference": reference }))
            }
            RegistryError::BlobUnknown(digest) => Self::not_found(ErrorCode::BlobUnknown, message)
                .with_detail(json!({ "digest": digest })),
            RegistryError::ManifestBlobUnknown(digests) => {
                Self::bad_request(ErrorCode::ManifestBlobUnknown, message)
                    .with_detail(some(&digests))
            }
            RegistryError::Conflict(_) => {
                Self::new(StatusCode::CONFLICT, ErrorCode::Denied, message)
            }
            RegistryError::BadRequest(_)
            | RegistryError::Unprocessable(_)
            | RegistryError::Unsupported(_) => Self::bad_request(ErrorCode::Unsupported, message),
            RegistryError::Precondition(_) | RegistryError::Referenced(_) => {
                Self::new(StatusCode::PRECONDITION_FAILED, ErrorCode::Denied, message)
            }
            RegistryError::MethodNotAllowed(_) => Self::method_not_allowed("GET, HEAD", message),
            RegistryError::Denied(_) => Self::denied(message),
            RegistryError::QuotaExceeded(_) => Self::quota_exceeded(message),
            RegistryError::ManifestInvalid(_) => {
                Self::bad_request(ErrorCode::ManifestInvalid, message)
            }
            RegistryError::DigestInvalid(_) => Self::bad_request(ErrorCode::DigestInvalid, message),
            RegistryError::SizeInvalid(_) => Self::bad_request(ErrorCode::SizeInvalid, message),
            RegistryError::NameInvalid(_) => Self::bad_request(ErrorCode::NameInvalid, message),
            RegistryError::TooLarge { .. } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::SizeInvalid,
                message,
            ),
            RegistryError::Content(error) => error.into(),
            RegistryError::Database(error) => error.into(),
            RegistryError::Identity(error) => error.into(),
            RegistryError::WrongPermit(_) | RegistryError::Internal(_) => {
                tracing::error!(error = message, "the registry failed a request");
                Self::internal()
            }
        }
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        let message = error.to_string();
        match error {
            IdentityError::Busy => Self::too_many_requests(message, 1),
            IdentityError::Database(error) => error.into(),
            IdentityError::Forbidden(_) | IdentityError::Denied(_) => Self::denied(message),
            _ => {
                tracing::error!(error = message, "the identity room failed a request");
                Self::internal()
            }
        }
    }
}

/// Some of many digests, as a detail.
fn some(digests: &[Digest]) -> serde_json::Value {
    json!(digests.iter().take(100).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(error: impl Into<ApiError>) -> (u16, ErrorCode) {
        let error = error.into();
        (error.status.as_u16(), error.code)
    }

    #[test]
    fn failures_of_content_have_the_codes_of_the_specification() {
        let digest = Digest::sha256(b"x");
        for (error, status, code) in [
            (
                ContentError::UploadUnknown,
                404,
                ErrorCode::BlobUploadUnknown,
            ),
            (
                ContentError::OutOfOrder { offset: 1 },
                416,
                ErrorCode::BlobUploadInvalid,
            ),
            (
                ContentError::SizeMismatch {
                    expected: 1,
                    actual: 2,
                },
                400,
                ErrorCode::SizeInvalid,
            ),
            (
                ContentError::TooLarge { limit: 1 },
                413,
                ErrorCode::SizeInvalid,
            ),
            (
                ContentError::DigestMismatch {
                    expected: digest.clone(),
                    actual: "sha256:other".to_owned(),
                },
                400,
                ErrorCode::DigestInvalid,
            ),
            (
                ContentError::BlobUnknown(vec![digest]),
                404,
                ErrorCode::BlobUnknown,
            ),
            (ContentError::TooManyUploads, 503, ErrorCode::Unavailable),
            (ContentError::UploadBusy, 409, ErrorCode::BlobUploadInvalid),
        ] {
            assert_eq!(answered(error), (status, code));
        }
    }

    #[test]
    fn a_refused_link_is_answered_as_the_registry_s_own_refusal() {
        let refusal = RegistryError::QuotaExceeded("too much".to_owned());
        let error = ContentError::Refused(Box::new(refusal));
        let answer = ApiError::from(error);
        assert_eq!(
            (answer.status.as_u16(), answer.code),
            (403, ErrorCode::Denied)
        );
        assert_eq!(answer.message, "too much");
        assert!(answer.quota_exceeded);
        assert!(!ApiError::denied("for another reason").quota_exceeded);
    }

    #[test]
    fn what_failed_inside_is_not_told() {
        let secret = "relation \"users\" does not exist";
        let answer = ApiError::from(DatabaseError::Other(secret.to_owned()));
        assert_eq!(answer.status.as_u16(), 500);
        assert!(!answer.message.contains("users"));
        assert_eq!(
            answered(DatabaseError::Busy("queue".to_owned())),
            (503, ErrorCode::Unavailable)
        );
        let answer = ApiError::from(RegistryError::Internal(secret.to_owned()));
        assert!(!answer.message.contains("users"));
    }
}
