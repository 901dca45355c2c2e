//! What can go wrong with jobs, in the words that callers decide by.

use seawall_database::{DatabaseError, TransactionError};

/// A failure of a store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Redis failed, or cannot be reached. Worth a retry later.
    #[error("the job store is unavailable: {0}")]
    Unavailable(String),
    /// What was asked for is not allowed; the text is for whoever asked.
    #[error("{0}")]
    Invalid(String),
    /// A defect of the program, or foreign bytes in the store.
    #[error("the job store: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether the same may well succeed later without any change.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Database(error) => error.is_retryable(),
            Self::Unavailable(_) => true,
            Self::Invalid(_) | Self::Other(_) => false,
        }
    }
}

impl TransactionError for StoreError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Unavailable(_) | Self::Invalid(_) | Self::Other(_) => None,
        }
    }
}
