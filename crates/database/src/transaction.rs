//! Running statements, inside a transaction or on a reader.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Executor as _, Postgres, SqlSafeStr as _, SqlStr};

use crate::row::ReadRow;
use crate::sql::SqlText;
use crate::sqlite::SqliteLink;
use crate::{DatabaseError, Engine, FromRow, Sql, Value, postgres, sqlite};

/// A statement that takes longer is logged.
const SLOW: Duration = Duration::from_secs(1);

/// A connection on which statements run: a transaction inside
/// [`Database::write`](crate::Database::write), or a [`Reader`](crate::Reader).
///
/// Statements run one after the other. Dropping the future of one cuts it short.
pub struct Tx {
    connection: Connection,
    /// The limit on each statement, and the one that holds now.
    default_timeout: Duration,
    statement_timeout: Option<Duration>,
    writes: bool,
    failed: bool,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

enum Connection {
    Sqlite(SqliteLink),
    Postgres(sqlx::Transaction<'static, Postgres>),
    PostgresReader(PoolConnection<Postgres>),
    /// Taken out, as the value is dropped.
    Gone,
}

/// Runs `$body` with the connection and the arguments of either engine.
macro_rules! on_connection {
    ($tx:ident, $params:ident, |$connection:ident, $arguments:ident| $body:expr) => {
        match &mut $tx.connection {
            Connection::Sqlite(link) => {
                link.deadline.set($tx.statement_timeout);
                let $connection = &mut link.connection;
                let $arguments = sqlite_arguments($params)?;
                ($body).map_err(|error| sqlite::database_error(&error))
            }
            Connection::Postgres(transaction) => {
                let $connection = &mut **transaction;
                let $arguments = postgres_arguments($params)?;
                ($body).map_err(|error| postgres::database_error(&error))
            }
            Connection::PostgresReader(connection) => {
                let $connection = &mut **connection;
                let $arguments = postgres_arguments($params)?;
                ($body).map_err(|error| postgres::database_error(&error))
            }
            Connection::Gone => Err(gone()),
        }
    };
}

impl Tx {
    /// The engine behind, for the rare statement that needs two texts.
    pub fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) | Connection::Gone => Engine::Sqlite,
            Connection::Postgres(_) | Connection::PostgresReader(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub async fn execute(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        let statement = self.begin_statement(sql)?;
        let text = statement.text.clone();
        let result = on_connection!(self, params, |connection, arguments| {
            sqlx::query_with(text, arguments)
                .execute(connection)
                .await
                .map(|done| done.rows_affected())
        });
        self.end_statement(&statement, result)
    }

    /// Reads every row. Give the statement a limit, or use [`Tx::fetch`].
    pub async fn fetch_all<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        let statement = self.begin_statement(sql)?;
        let text = statement.text.clone();
        let result = on_connection!(self, params, |connection, arguments| {
            sqlx::query_with(text, arguments)
                .fetch_all(connection)
                .await
                .map(|rows| rows.iter().map(ReadRow::read).collect())
        });
        self.end_statement(&statement, result)?
    }

    /// Reads the first row, if there is one.
    pub async fn fetch_optional<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        let statement = self.begin_statement(sql)?;
        let text = statement.text.clone();
        let result = on_connection!(self, params, |connection, arguments| {
            sqlx::query_with(text, arguments)
                .fetch_optional(connection)
                .await
                .map(|row| row.map(|row| row.read()).transpose())
        });
        self.end_statement(&statement, result)?
    }

    /// Reads the first row as [`Tx::fetch_optional`] does; [`DatabaseError::NotFound`] if there is
    /// none, which does not end the transaction.
    pub async fn fetch_one<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<T, DatabaseError> {
        self.fetch_optional(sql, params)
            .await?
            .ok_or(DatabaseError::NotFound)
    }

    /// Reads rows one by one, for lists that have no bound.
    pub fn fetch<'t, T: FromRow + Send + 't>(
        &'t mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> BoxStream<'t, Result<T, DatabaseError>> {
        let rows = self.begin_statement(sql).and_then(|statement| {
            let text = statement.text;
            let rows: BoxStream<'t, _> = match &mut self.connection {
                Connection::Sqlite(link) => {
                    link.deadline.set(self.statement_timeout);
                    let rows = sqlx::query_with(text, sqlite_arguments(params)?)
                        .fetch(&mut link.connection);
                    rows.map(|row| match row {
                        Ok(row) => row.read(),
                        Err(error) => Err(sqlite::database_error(&error)),
                    })
                    .boxed()
                }
                Connection::Postgres(transaction) => postgres_rows(
                    sqlx::query_with(text, postgres_arguments(params)?).fetch(&mut **transaction),
                ),
                Connection::PostgresReader(connection) => postgres_rows(
                    sqlx::query_with(text, postgres_arguments(params)?).fetch(&mut **connection),
                ),
                Connection::Gone => return Err(gone()),
            };
            Ok(rows)
        });
        let (rows, failed) = match rows {
            Ok(rows) => (rows, &mut self.failed),
            Err(error) => {
                self.failed = self.writes;
                return futures_util::stream::once(std::future::ready(Err(error))).boxed();
            }
        };
        let writes = self.writes;
        rows.inspect(move |row| *failed |= writes && row.is_err())
            .boxed()
    }

    /// Waits until no other transaction holds `key`, and holds it until this one ends: for the
    /// few operations that read and then write what others may change in between. Nothing on
    /// SQLite, where only one transaction writes at a time; an advisory lock on PostgreSQL.
    pub async fn lock(&mut self, key: &str) -> Result<(), DatabaseError> {
        if self.engine() == Engine::Postgres {
            self.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                vec![key.into()],
            )
            .await?;
        }
        Ok(())
    }

    /// Runs `action` once the transaction has committed and before the caller of `write` hears of
    /// it, even if that caller is gone: the place to invalidate caches. It also runs when it is
    /// unknown whether the commit took place; not when the transaction was rolled back. It must
    /// not block.
    pub fn after_commit(&mut self, action: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(action));
    }

    /// Has the engine parse and plan a statement without running it: what a test asks of each.
    pub async fn prepare(&mut self, sql: impl Into<Sql>) -> Result<(), DatabaseError> {
        let statement = self.begin_statement(sql)?;
        let text = statement.text.clone();
        let result = match &mut self.connection {
            Connection::Sqlite(link) => link
                .connection
                .prepare(text)
                .await
                .map(drop)
                .map_err(|error| sqlite::database_error(&error)),
            Connection::Postgres(transaction) => transaction
                .prepare(text)
                .await
                .map(drop)
                .map_err(|error| postgres::database_error(&error)),
            Connection::PostgresReader(connection) => connection
                .prepare(text)
                .await
                .map(drop)
                .map_err(|error| postgres::database_error(&error)),
            Connection::Gone => Err(gone()),
        };
        self.end_statement(&statement, result)
    }

    fn begin_statement(&self, sql: impl Into<Sql>) -> Result<Statement, DatabaseError> {
        if self.failed {
            return Err(DatabaseError::Other(
                "a statement follows a failed one in the same transaction".to_owned(),
            ));
        }
        let text = match sql.into().0 {
            SqlText::Fixed(text) => text.into_sql_str(),
            // Composed of fixed parts only; see `SqlBuilder`.
            SqlText::Composed(text) => {
                AssertSqlSafe(std::sync::Arc::<str>::from(text)).into_sql_str()
            }
        };
        Ok(Statement {
            text,
            started: Instant::now(),
        })
    }

    fn end_statement<T>(
        &mut self,
        statement: &Statement,
        result: Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let elapsed = statement.started.elapsed();
        if elapsed > SLOW {
            tracing::warn!(
                statement = statement.text.as_str(),
                elapsed_ms = elapsed.as_millis(),
                "slow statement"
            );
        }
        result.map_err(|error| {
            self.failed = self.writes;
            match error {
                // A defect of ours: the text, which holds no value, tells where.
                DatabaseError::Other(message) => DatabaseError::Other(format!(
                    "{message}, in {}",
                    abridged(statement.text.as_str())
                )),
                error => error,
            }
        })
    }
}

/// What the engines need.
impl Tx {
    pub(crate) fn sqlite(link: SqliteLink, statement_timeout: Duration, writes: bool) -> Self {
        Self::new(Connection::Sqlite(link), statement_timeout, writes)
    }

    pub(crate) fn postgres(
        transaction: sqlx::Transaction<'static, Postgres>,
        statement_timeout: Duration,
    ) -> Self {
        Self::new(Connection::Postgres(transaction), statement_timeout, true)
    }

    pub(crate) fn postgres_reader(
        connection: PoolConnection<Postgres>,
        statement_timeout: Duration,
    ) -> Self {
        Self::new(
            Connection::PostgresReader(connection),
            statement_timeout,
            false,
        )
    }

    fn new(connection: Connection, statement_timeout: Duration, writes: bool) -> Self {
        Self {
            connection,
            default_timeout: statement_timeout,
            statement_timeout: Some(statement_timeout),
            writes,
            failed: false,
            after_commit: Vec::new(),
        }
    }

    /// What the operation before left behind is no concern of the next one.
    pub(crate) fn begin_operation(&mut self) {
        self.failed = false;
        self.after_commit.clear();
        self.statement_timeout = Some(self.default_timeout);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn take_after_commit(&mut self) -> Vec<Box<dyn FnOnce() + Send>> {
        std::mem::take(&mut self.after_commit)
    }

    /// Lets the statements of this transaction run for as long as they need.
    pub(crate) async fn lift_timeouts(&mut self) -> Result<(), DatabaseError> {
        match self.engine() {
            Engine::Sqlite => self.statement_timeout = None,
            Engine::Postgres => {
                self.execute("SET LOCAL statement_timeout = 0", Vec::new())
                    .await?;
                self.execute("SET LOCAL lock_timeout = 0", Vec::new())
                    .await?;
            }
        }
        Ok(())
    }

    /// Runs a statement that opens or ends a transaction: without a deadline, and whatever state
    /// the transaction is in. SQLite's writer only.
    pub(crate) async fn control(&mut self, sql: &'static str) -> Result<(), DatabaseError> {
        let Connection::Sqlite(link) = &mut self.connection else {
            return Err(gone());
        };
        link.deadline.set(None);
        match sqlx::query(sql).execute(&mut link.connection).await {
            Ok(_) => Ok(()),
            Err(error) => Err(sqlite::database_error(&error)),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), DatabaseError> {
        let Connection::Postgres(transaction) = self.connection else {
            return Err(gone());
        };
        transaction
            .commit()
            .await
            .map_err(|error| postgres::database_error(&error))
    }

    pub(crate) async fn roll_back(self) {
        if let Connection::Postgres(transaction) = self.connection {
            let _ = transaction.rollback().await;
        }
    }

    pub(crate) fn take_sqlite(&mut self) -> Option<SqliteLink> {
        match std::mem::replace(&mut self.connection, Connection::Gone) {
            Connection::Sqlite(link) => Some(link),
            _ => None,
        }
    }
}

struct Statement {
    text: SqlStr,
    started: Instant,
}

fn gone() -> DatabaseError {
    DatabaseError::Other("the connection is gone".to_owned())
}

/// The beginning of a statement, on one line.
fn abridged(statement: &str) -> String {
    let mut line = String::new();
    for word in statement.split_whitespace() {
        line.push_str(word);
        if line.len() > 160 {
            line.push('…');
            return line;
        }
        line.push(' ');
    }
    line.trim_end().to_owned()
}

fn postgres_rows<'t, T: FromRow + Send + 't>(
    rows: BoxStream<'t, Result<sqlx::postgres::PgRow, sqlx::Error>>,
) -> BoxStream<'t, Result<T, DatabaseError>> {
    rows.map(|row| match row {
        Ok(row) => row.read(),
        Err(error) => Err(postgres::database_error(&error)),
    })
    .boxed()
}

macro_rules! arguments {
    ($name:ident, $arguments:ty) => {
        fn $name(params: Vec<Value>) -> Result<$arguments, DatabaseError> {
            let mut arguments = <$arguments>::default();
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
    };
}

arguments!(sqlite_arguments, SqliteArguments);
arguments!(postgres_arguments, PgArguments);
