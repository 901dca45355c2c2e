//! Running statements, inside a transaction or on a reader.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, SqlSafeStr as _, SqlStr};

use crate::connection::{Connection, gone, read_all, read_first};
use crate::postgres::{self, arguments};
use crate::row::ReadRow;
use crate::sql::SqlText;
use crate::sqlite::{Offloaded, SqliteLink};
use crate::{DatabaseError, Engine, FromRow, Sql, Value};

/// A statement that takes longer is logged.
const SLOW: Duration = Duration::from_secs(1);

/// A connection on which statements run: a transaction inside
/// [`Database::write`](crate::Database::write), or a [`Reader`](crate::Reader).
///
/// Statements run one after the other. Dropping the future of one cuts it short, and may be the
/// end of the reader it ran on.
///
/// On SQLite a fixed statement runs right where it is called, which is the fastest for what finds
/// its rows by an index. What may have to look at many rows runs on a thread that may block: on a
/// reader, what counts or sums, and what a [`SqlBuilder`](crate::SqlBuilder) composed.
pub struct Tx {
    connection: Connection,
    /// The limit on each statement, and the one that holds now.
    default_timeout: Duration,
    statement_timeout: Option<Duration>,
    /// When the operation that runs must have ended.
    operation_end: Option<Instant>,
    /// Whether this is a transaction, and a statement of it has failed.
    writes: bool,
    failed: bool,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

impl Tx {
    /// The engine behind, for the rare statement that needs two texts.
    pub fn engine(&self) -> Engine {
        match self.connection {
            Connection::SqliteWriter(_) | Connection::SqliteReader(_) | Connection::Gone => {
                Engine::Sqlite
            }
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
        let limit = self.statement_timeout;
        let result = match self.connection.postgres() {
            Some(connection) => {
                let query = sqlx::query_with(statement.text.clone(), arguments(params)?);
                let done = postgres::answered(limit, query.execute(connection)).await;
                done.map(|done| done.rows_affected())
            }
            None => {
                self.on_sqlite(&statement, |text, limit| {
                    move |link| link.execute(text.as_str(), &params, limit)
                })
                .await
            }
        };
        self.end_statement(&statement, result)
    }

    /// Reads every row: give the statement a limit. A list without a bound is read in batches, so that no
    /// slow client keeps a connection.
    pub async fn fetch_all<T>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError>
    where
        T: FromRow + Send + 'static,
    {
        let statement = self.begin_statement(sql)?;
        let limit = self.statement_timeout;
        let result = match self.connection.postgres() {
            Some(connection) => {
                let query = sqlx::query_with(statement.text.clone(), arguments(params)?);
                let rows = postgres::answered(limit, query.fetch_all(connection)).await;
                rows.and_then(|rows| rows.iter().map(ReadRow::read).collect())
            }
            None => {
                self.on_sqlite(&statement, |text, limit| {
                    move |link| read_all(link, &text, &params, limit)
                })
                .await
            }
        };
        self.end_statement(&statement, result)
    }

    /// Reads the first row, if there is one.
    pub async fn fetch_optional<T>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError>
    where
        T: FromRow + Send + 'static,
    {
        let statement = self.begin_statement(sql)?;
        let limit = self.statement_timeout;
        let result = match self.connection.postgres() {
            Some(connection) => {
                let query = sqlx::query_with(statement.text.clone(), arguments(params)?);
                let row = postgres::answered(limit, query.fetch_optional(connection)).await;
                row.and_then(|row| row.map(|row| row.read()).transpose())
            }
            None => {
                self.on_sqlite(&statement, |text, limit| {
                    move |link| read_first(link, &text, &params, limit)
                })
                .await
            }
        };
        self.end_statement(&statement, result)
    }

    /// Reads the first row as [`Tx::fetch_optional`] does; [`DatabaseError::NotFound`] if there is
    /// none, which does not end the transaction.
    pub async fn fetch_one<T>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<T, DatabaseError>
    where
        T: FromRow + Send + 'static,
    {
        self.fetch_optional(sql, params)
            .await?
            .ok_or(DatabaseError::NotFound)
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
        let limit = self.statement_timeout;
        let result = match self.connection.postgres() {
            Some(connection) => {
                let prepared = connection.prepare(statement.text.clone());
                postgres::answered(limit, prepared).await.map(drop)
            }
            None => {
                self.on_sqlite(&statement, |text, _| {
                    move |link| link.prepare(text.as_str())
                })
                .await
            }
        };
        self.end_statement(&statement, result)
    }

    /// Runs `work` on SQLite: here and now, or on a thread that may block if the statement may
    /// take its time and this one must not.
    async fn on_sqlite<R, W>(
        &mut self,
        statement: &Statement,
        work: impl FnOnce(SqlStr, Option<Duration>) -> W,
    ) -> Result<R, DatabaseError>
    where
        R: Send + 'static,
        W: FnOnce(&SqliteLink) -> Result<R, DatabaseError> + Send + 'static,
    {
        let work = work(statement.text.clone(), self.statement_timeout);
        match &self.connection {
            Connection::SqliteWriter(link) => work(link),
            Connection::SqliteReader(link) if statement.is_lookup => work(link),
            Connection::SqliteReader(_) => {
                let link = self.connection.take_sqlite().ok_or_else(gone)?;
                let (link, result) = Offloaded::run(link, work).await?;
                self.connection = Connection::SqliteReader(link);
                result
            }
            _ => Err(gone()),
        }
    }

    fn begin_statement(&self, sql: impl Into<Sql>) -> Result<Statement, DatabaseError> {
        if self.failed {
            return Err(DatabaseError::Other(
                "a statement follows a failed one in the same transaction".to_owned(),
            ));
        }
        let started = Instant::now();
        if self.operation_end.is_some_and(|end| started > end) {
            return Err(DatabaseError::Busy(
                "an operation ran out of time".to_owned(),
            ));
        }
        let (text, is_lookup) = match sql.into().0 {
            SqlText::Fixed(text) => (text.into_sql_str(), is_lookup(text)),
            // Composed of fixed parts only; see `SqlBuilder`.
            SqlText::Composed(text) => {
                (AssertSqlSafe(Arc::<str>::from(text)).into_sql_str(), false)
            }
        };
        Ok(Statement {
            text,
            is_lookup,
            started,
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
            if matches!(error, DatabaseError::Unavailable(_)) {
                self.connection.distrust();
            }
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
    pub(crate) fn sqlite(link: SqliteLink, statement_timeout: Duration) -> Self {
        Self::new(Connection::SqliteWriter(link), statement_timeout, true)
    }

    pub(crate) fn sqlite_reader(link: SqliteLink, statement_timeout: Duration) -> Self {
        Self::new(Connection::SqliteReader(link), statement_timeout, false)
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
            operation_end: None,
            writes,
            failed: false,
            after_commit: Vec::new(),
        }
    }

    /// What the operation before left behind is no concern of the next one.
    pub(crate) fn begin_operation(&mut self, limit: Duration) {
        self.failed = false;
        self.after_commit.clear();
        self.statement_timeout = Some(self.default_timeout);
        self.operation_end = Instant::now().checked_add(limit);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn take_after_commit(&mut self) -> Vec<Box<dyn FnOnce() + Send>> {
        std::mem::take(&mut self.after_commit)
    }

    /// Lets the statements of this transaction run for as long as they need.
    pub(crate) async fn lift_timeouts(&mut self) -> Result<(), DatabaseError> {
        self.statement_timeout = None;
        if self.engine() == Engine::Postgres {
            self.execute("SET LOCAL statement_timeout = 0", Vec::new())
                .await?;
            self.execute("SET LOCAL lock_timeout = 0", Vec::new())
                .await?;
        }
        Ok(())
    }

    /// Runs a statement that opens or ends a transaction: without a deadline, and whatever state
    /// the transaction is in. SQLite's writer only.
    pub(crate) fn control(&mut self, sql: &'static str) -> Result<(), DatabaseError> {
        let Connection::SqliteWriter(link) = &self.connection else {
            return Err(gone());
        };
        link.control(sql)
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
        self.connection.take_sqlite()
    }
}

struct Statement {
    text: SqlStr,
    is_lookup: bool,
    started: Instant,
}

/// Whether a fixed statement most likely finds what it wants by an index.
fn is_lookup(text: &str) -> bool {
    !["COUNT(", "SUM("]
        .iter()
        .any(|aggregate| text.contains(aggregate))
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
