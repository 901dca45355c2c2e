//! What an operation of this room can answer instead of a result. Messages are for people.

use seawall_database::{DatabaseError, TransactionError};
use seawall_identity::WrongPermit;
use seawall_jobs::StoreError;
use seawall_tasks::TasksError;

/// Why an operation did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// It is not there. 404.
    #[error("{0}")]
    NotFound(String),
    /// The request makes no sense. 400.
    #[error("{0}")]
    BadRequest(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The job store failed.
    #[error(transparent)]
    Jobs(StoreError),
    /// A defect of the surface.
    #[error(transparent)]
    WrongPermit(#[from] WrongPermit),
}

impl From<StoreError> for MaintenanceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => Self::Database(error),
            StoreError::Invalid(message) => Self::BadRequest(message),
            error => Self::Jobs(error),
        }
    }
}

impl From<TasksError> for MaintenanceError {
    fn from(error: TasksError) -> Self {
        match error {
            TasksError::Database(error) => Self::Database(error),
            TasksError::Store(error) => error.into(),
            error @ TasksError::NotFound(_) => Self::NotFound(error.to_string()),
            TasksError::Invalid(message) => Self::BadRequest(message),
        }
    }
}

impl TransactionError for MaintenanceError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
