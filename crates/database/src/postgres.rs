//! The PostgreSQL engine: a pool, and transactions that run again after a conflict.

use std::time::Duration;

use rand::RngExt as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::{Arguments as _, ConnectOptions as _, Connection as _, PgPool};
use tokio::time::timeout;

use crate::operation::{self, AfterCommit, OperationFn};
use crate::{DatabaseError, DatabaseSettings, Listener, TransactionError, Tx, Value};

/// How often a transaction runs that keeps losing against others.
const ATTEMPTS: u32 = 12;
/// The first pause before it runs again; each further one is up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// How much longer than its own limit the server may take to say that the limit was passed.
const GRACE: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

pub(crate) struct PostgresDatabase {
    pool: PgPool,
    statement_timeout: Duration,
    /// The longest wait for a connection and the one statement that opens or ends a transaction.
    answer_timeout: Duration,
}

impl PostgresDatabase {
    pub(crate) async fn open(
        url: &str,
        settings: &DatabaseSettings,
    ) -> Result<Self, DatabaseError> {
        // The parser's message may repeat the URL, which may hold a password.
        let options: PgConnectOptions = url
            .parse()
            .map_err(|_| DatabaseError::Other("the PostgreSQL URL cannot be read".to_owned()))?;
        let options = options
            .application_name("seawall")
            .statement_cache_capacity(128)
            .options([
                ("statement_timeout", millis(settings.statement_timeout)),
                ("lock_timeout", millis(settings.lock_timeout)),
                (
                    "idle_in_transaction_session_timeout",
                    millis(2 * settings.statement_timeout),
                ),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections.max(1))
            .acquire_timeout(settings.acquire_timeout)
            .idle_timeout(Duration::from_mins(5))
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| database_error(&error))?;
        Ok(Self {
            pool,
            statement_timeout: settings.statement_timeout,
            answer_timeout: settings.acquire_timeout + settings.statement_timeout,
        })
    }

    pub(crate) async fn write<T, E, F>(&self, operation: F, limit: Option<Duration>) -> Result<T, E>
    where
        F: OperationFn<T, E>,
        T: Send + 'static,
        E: TransactionError,
    {
        let limit = limit.unwrap_or(2 * self.statement_timeout);
        let mut attempt = 1;
        loop {
            let error = match self.attempt(&operation, limit).await {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::NotCommitted(error)) => error,
            };
            let again = match error.database() {
                Some(DatabaseError::Serialization(_)) => attempt < ATTEMPTS,
                // The connection was lost, as in a failover; nothing was committed.
                Some(DatabaseError::Unavailable(_)) => attempt < 2,
                _ => false,
            };
            if !again {
                return Err(error);
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt<T, E: TransactionError>(
        &self,
        operation: &impl OperationFn<T, E>,
        limit: Duration,
    ) -> Result<T, Failure<E>> {
        let transaction = self
            .answered(self.pool.begin())
            .await
            .map_err(|error| Failure::NotCommitted(error.into()))?;
        let mut tx = Tx::postgres(transaction, self.statement_timeout);
        let value = match operation::run(operation, &mut tx, limit).await {
            Ok(value) => value,
            Err(error) => {
                let _ = timeout(self.statement_timeout, tx.roll_back()).await;
                return Err(Failure::NotCommitted(error));
            }
        };
        // From here on the commit may have taken place, even if this future is dropped.
        let actions = AfterCommit(tx.take_after_commit());
        let committed = timeout(self.answer_timeout, tx.commit()).await;
        match committed.unwrap_or_else(|_| Err(no_answer(self.answer_timeout))) {
            Ok(()) => {
                drop(actions);
                Ok(value)
            }
            Err(error @ DatabaseError::Serialization(_)) => {
                Err(Failure::NotCommitted(error.into()))
            }
            Err(error) => Err(Failure::Final(error.into())),
        }
    }

    pub(crate) async fn read(&self) -> Result<Tx, DatabaseError> {
        let connection = self.answered(self.pool.acquire()).await?;
        Ok(Tx::postgres_reader(connection, self.statement_timeout))
    }

    pub(crate) async fn listen(&self, channel: &'static str) -> Result<Listener, DatabaseError> {
        match timeout(self.answer_timeout, Listener::postgres(channel, &self.pool)).await {
            Ok(listener) => listener,
            Err(_) => Err(no_answer(self.answer_timeout)),
        }
    }

    pub(crate) async fn close(&self) {
        let _ = timeout(self.answer_timeout, self.pool.close()).await;
    }

    async fn answered<T>(
        &self,
        question: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, DatabaseError> {
        answered(Some(self.answer_timeout), question).await
    }
}

/// Waits for an answer a little longer than the server's own time-out, which does not help when
/// the server, or the way to it, hangs.
pub(crate) async fn answered<T>(
    limit: Option<Duration>,
    question: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, DatabaseError> {
    let Some(limit) = limit else {
        return question.await.map_err(|error| database_error(&error));
    };
    match timeout(limit + GRACE, question).await {
        Ok(answer) => answer.map_err(|error| database_error(&error)),
        Err(_) => Err(no_answer(limit)),
    }
}

fn no_answer(limit: Duration) -> DatabaseError {
    let limit = limit.as_secs_f64();
    DatabaseError::Unavailable(format!("PostgreSQL has not answered within {limit} s"))
}

enum Failure<E> {
    /// Nothing was committed.
    NotCommitted(E),
    /// The commit failed, or nobody knows whether it did.
    Final(E),
}

/// Between half and all of a time that doubles with each attempt.
fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE
        .saturating_mul(1 << attempt.min(16))
        .min(LONGEST_PAUSE);
    longest.mul_f64(rand::rng().random_range(0.5..=1.0))
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// PostgreSQL's error codes in the words of [`DatabaseError`]
/// (<https://www.postgresql.org/docs/15/errcodes-appendix.html>).
pub(crate) fn database_error(error: &sqlx::Error) -> DatabaseError {
    let failure = match error {
        sqlx::Error::Database(failure) => failure,
        sqlx::Error::PoolTimedOut => {
            return DatabaseError::Busy("every connection is in use".to_owned());
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => {
            return DatabaseError::Unavailable(error.to_string());
        }
        _ => return DatabaseError::Other(error.to_string()),
    };
    let message = failure.message().to_owned();
    let code = failure.code().unwrap_or_default();
    match &*code {
        "23505" => DatabaseError::UniqueViolation {
            table: failure.table().unwrap_or_default().to_owned(),
            constraint: failure.constraint().unwrap_or_default().to_owned(),
        },
        "23503" => DatabaseError::ForeignKeyViolation(message),
        "40001" | "40P01" => DatabaseError::Serialization(message),
        // query_canceled (by statement_timeout), lock_not_available
        "57014" | "55P03" => DatabaseError::Busy(message),
        // read_only_sql_transaction (a standby after a failover), idle_in_transaction_session_timeout
        "25006" | "25P03" => DatabaseError::Unavailable(message),
        // connection, resources, operator, system and login errors
        code if ["08", "53", "57", "58", "28", "3D"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            DatabaseError::Unavailable(message)
        }
        code => DatabaseError::Other(format!("{message} (SQLSTATE {code})")),
    }
}

pub(crate) fn arguments(params: Vec<Value>) -> Result<PgArguments, DatabaseError> {
    let mut arguments = PgArguments::default();
    for value in params {
        match value {
            Value::Integer(value) => arguments.add(value),
            Value::Float(value) => arguments.add(value),
            Value::Boolean(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(|error| DatabaseError::Other(error.to_string()))?;
    }
    Ok(arguments)
}
