//! How the errors of the rooms below are answered. Only here does one become the other.

use seawall_database::DatabaseError;
use seawall_database::query::QueryError;
use seawall_identity::{AuthError, Denied, IdentityError};
use seawall_maintenance::MaintenanceError;
use seawall_registry::RegistryError;

use super::ApiError;

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        if error.is_retryable() {
            Self::unavailable(error.to_string())
        } else {
            Self::internal(error.to_string())
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Malformed(message) => Self::bad_request(message),
            QueryError::Unprocessable(message) => Self::validation(message),
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthorized => Self::unauthorized(),
            Denied::Forbidden(message) => Self::forbidden(message),
            Denied::NotFound(_) => Self::not_found(denied.to_string()),
            Denied::Failed(error) => error.into(),
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Busy => Self::too_many_requests(error.to_string()),
            AuthError::Failed(error) => error.into(),
        }
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::BadRequest(message) => Self::bad_request(message),
            IdentityError::Forbidden(message) => Self::forbidden(message),
            IdentityError::Denied(message) => Self::denied(message),
            IdentityError::NotFound(message) => Self::not_found(message),
            IdentityError::Conflict(message) => Self::conflict(message),
            IdentityError::Precondition(message) => Self::precondition(message),
            IdentityError::Busy => Self::too_many_requests(error.to_string()),
            IdentityError::Database(error) => error.into(),
            IdentityError::WrongPermit(_) | IdentityError::Key(_) | IdentityError::Internal(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        match error {
            RegistryError::NotFound(_)
            | RegistryError::RepositoryUnknown(_)
            | RegistryError::ManifestUnknown { .. }
            | RegistryError::BlobUnknown(_)
            | RegistryError::ManifestBlobUnknown(_) => Self::not_found(message),
            RegistryError::Conflict(_) => Self::conflict(message),
            RegistryError::Unprocessable(_) => Self::validation(message),
            RegistryError::BadRequest(_)
            | RegistryError::NameInvalid(_)
            | RegistryError::SizeInvalid(_) => Self::bad_request(message),
            RegistryError::DigestInvalid(_) => Self::digest_invalid(message),
            RegistryError::ManifestInvalid(_) => Self::manifest_invalid(message),
            RegistryError::Unsupported(_) => Self::unsupported(message),
            RegistryError::Precondition(_) => Self::precondition(message),
            RegistryError::Referenced(_) => Self::referenced(message),
            RegistryError::MethodNotAllowed(_) => Self::unsupported_operation(message),
            RegistryError::Denied(_) => Self::denied(message),
            RegistryError::QuotaExceeded(_) => Self::quota_exceeded(message),
            RegistryError::TooLarge { limit } => Self::too_large(limit),
            RegistryError::Identity(error) => error.into(),
            RegistryError::Database(error) => error.into(),
            RegistryError::Content(_)
            | RegistryError::WrongPermit(_)
            | RegistryError::Internal(_) => Self::internal(message),
        }
    }
}

impl From<MaintenanceError> for ApiError {
    fn from(error: MaintenanceError) -> Self {
        match error {
            MaintenanceError::NotFound(message) => Self::not_found(message),
            MaintenanceError::BadRequest(message) => Self::bad_request(message),
            MaintenanceError::Database(error) => error.into(),
            MaintenanceError::Jobs(error) if error.is_retryable() => {
                Self::unavailable(error.to_string())
            }
            MaintenanceError::Jobs(_) | MaintenanceError::WrongPermit(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_harbors_statuses() {
        let status = |error: ApiError| error.status().as_u16();
        assert_eq!(status(Denied::Unauthorized.into()), 401);
        assert_eq!(status(Denied::Forbidden("forbidden".into()).into()), 403);
        assert_eq!(status(Denied::NotFound("team".into()).into()), 404);
        assert_eq!(status(AuthError::Busy.into()), 429);
        assert_eq!(status(RegistryError::Conflict(String::new()).into()), 409);
        assert_eq!(
            status(RegistryError::Precondition(String::new()).into()),
            412
        );
        assert_eq!(status(QueryError::Malformed(String::new()).into()), 400);
        assert_eq!(status(QueryError::Unprocessable(String::new()).into()), 422);
    }
}
