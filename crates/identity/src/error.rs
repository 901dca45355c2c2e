//! What can go wrong in an operation of this crate, in the words a surface needs to answer.

use seawall_database::{DatabaseError, TransactionError};

use crate::WrongPermit;

/// Why an operation failed. The messages are Harbor's where Harbor has one.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The request makes no sense (400 `BAD_REQUEST`).
    #[error("{0}")]
    BadRequest(String),
    /// The caller may not do this (403 `FORBIDDEN`).
    #[error("{0}")]
    Forbidden(String),
    /// The robot that asks lacks what it wants to give (403 `DENIED`).
    #[error("{0}")]
    Denied(String),
    /// There is no such thing (404 `NOT_FOUND`).
    #[error("{0}")]
    NotFound(String),
    /// There is one already (409 `CONFLICT`).
    #[error("{0}")]
    Conflict(String),
    /// It cannot be done as things are (412 `PRECONDITION`).
    #[error("{0}")]
    Precondition(String),
    /// Too many passwords are being verified (429 `TOO_MANY_REQUEST`).
    #[error("too many passwords are being verified, try again shortly")]
    Busy,
    /// The database failed (503 where [`DatabaseError::is_retryable`], else 500).
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A surface asked for one permission and used another: a defect (500).
    #[error(transparent)]
    WrongPermit(#[from] WrongPermit),
    /// Keys: missing, wrong or unreadable (500; at start, a refusal to start).
    #[error("{0}")]
    Key(String),
    /// Anything else: a defect (500).
    #[error("{0}")]
    Internal(String),
}

impl TransactionError for IdentityError {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}
