//! What can go wrong in the database, in the words that callers decide by. How an engine's error
//! becomes one of these is in `sqlite` and `postgres`; how it becomes an HTTP status is each
//! surface's own business.

/// A failure of the database.
///
/// It can be cloned, since one failed commit answers every operation that shared it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot be reached, or its storage fails. Worth a retry later (503).
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Too much waits already, or a wait, lock or statement ran out of time (503).
    #[error("the database is busy: {0}")]
    Busy(String),
    /// A row with this unique key exists.
    #[error("a row of {table} with this key exists already ({constraint})")]
    UniqueViolation {
        /// The table whose constraint was violated, the same on both engines.
        table: String,
        /// The constraint in the engine's words: its name on PostgreSQL, `table.column, …` on SQLite.
        constraint: String,
    },
    /// A row refers to one that is missing, or is still referred to.
    #[error("a row refers to one that is missing: {0}")]
    ForeignKeyViolation(String),
    /// The transaction lost against a concurrent one and may be run again.
    #[error("the transaction conflicts with another: {0}")]
    Serialization(String),
    /// A row that was asked for by [`Tx::fetch_one`](crate::Tx::fetch_one) does not exist.
    #[error("no such row")]
    NotFound,
    /// The schema was written by a newer release than this one.
    #[error(
        "the database was written by a newer release: it knows migration {0:?}, this program does not"
    )]
    NewerSchema(String),
    /// Anything else: a defect of a statement or of the program.
    #[error("database: {0}")]
    Other(String),
}

impl DatabaseError {
    /// Whether the same operation may well succeed later without any change.
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Busy(_) | Self::Serialization(_)
        )
    }

    /// Whether this is [`DatabaseError::UniqueViolation`].
    pub const fn is_unique_violation(&self) -> bool {
        matches!(self, Self::UniqueViolation { .. })
    }
}

/// An error that an operation inside [`Database::write`](crate::Database::write) may end with.
///
/// The database looks inside to see whether the transaction should run again.
pub trait TransactionError: From<DatabaseError> + Send + 'static {
    /// The failure of the database, if that is what this is.
    fn database(&self) -> Option<&DatabaseError>;
}

impl TransactionError for DatabaseError {
    fn database(&self) -> Option<&DatabaseError> {
        Some(self)
    }
}
