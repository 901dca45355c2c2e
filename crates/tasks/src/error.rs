//! What can go wrong, in the words that callers decide by.

use seawall_database::{DatabaseError, TransactionError};
use seawall_jobs::StoreError;

/// A failure of [`Tasks`](crate::Tasks).
#[derive(Clone, Debug, thiserror::Error)]
pub enum TasksError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The job store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such thing; the text names it.
    #[error("{0} not found")]
    NotFound(String),
    /// What was asked for is not allowed; the text is for whoever asked.
    #[error("{0}")]
    Invalid(String),
}

impl TransactionError for TasksError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) | Self::Store(StoreError::Database(error)) => Some(error),
            Self::Store(_) | Self::NotFound(_) | Self::Invalid(_) => None,
        }
    }
}
