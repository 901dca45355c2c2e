//! One connection, and statements on it. Everything here blocks the thread it is called on; who
//! may block is decided in `transaction`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql};

use super::deadline::Deadline;
use super::error::database_error;
use crate::row::ReadRow as _;
use crate::{DatabaseError, FromRow, Value};

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 128;
/// The log is cut back to this size after a burst.
const LOG_LIMIT_BYTES: u32 = 64 << 20;

/// How to open a connection.
#[derive(Clone)]
pub(super) struct LinkOptions {
    pub(super) path: PathBuf,
    pub(super) writes: bool,
    pub(super) cache_kib: u32,
    pub(super) lock_timeout: Duration,
}

pub(crate) struct SqliteLink {
    connection: Connection,
    deadline: Arc<Deadline>,
}

impl SqliteLink {
    pub(super) fn open(options: &LinkOptions) -> Result<Self, DatabaseError> {
        let access = if options.writes {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        };
        let open = || {
            let connection = Connection::open_with_flags(
                &options.path,
                access | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            connection.busy_timeout(options.lock_timeout)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            connection.execute_batch(&format!(
                "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{};",
                options.cache_kib
            ))?;
            if options.writes {
                connection.execute_batch(&format!(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {LOG_LIMIT_BYTES};"
                ))?;
            }
            Ok(connection)
        };
        let mut connection = open().map_err(|error| database_error(&error))?;
        let deadline = Deadline::install(&mut connection)?;
        Ok(Self {
            connection,
            deadline,
        })
    }

    /// The time limit of this connection's statements.
    pub(crate) fn deadline(&self) -> &Arc<Deadline> {
        &self.deadline
    }

    /// Runs a statement that opens or ends a transaction, without a deadline.
    pub(crate) fn control(&self, sql: &str) -> Result<(), DatabaseError> {
        self.deadline.set(None);
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| database_error(&error))?;
        run(&mut statement)
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub(crate) fn execute(
        &self,
        sql: &str,
        params: &[Value],
        limit: Option<Duration>,
    ) -> Result<u64, DatabaseError> {
        let mut statement = self.statement(sql, params, limit)?;
        let before = self.connection.total_changes();
        run(&mut statement)?;
        // What it says is of the last statement that changed anything.
        let changed = self.connection.total_changes() != before;
        Ok(if changed {
            self.connection.changes()
        } else {
            0
        })
    }

    /// Gives each row to `each`, until that says that it has enough.
    pub(crate) fn query<T: FromRow>(
        &self,
        sql: &str,
        params: &[Value],
        limit: Option<Duration>,
        mut each: impl FnMut(T) -> bool,
    ) -> Result<(), DatabaseError> {
        let mut statement = self.statement(sql, params, limit)?;
        let reads_only = statement.readonly();
        let mut rows = statement.raw_query();
        let mut enough = false;
        while let Some(row) = rows.next().map_err(|error| database_error(&error))? {
            enough = enough || !each(row.read()?);
            // One that changes rows goes to its end, where its constraints are checked.
            if enough && reads_only {
                break;
            }
        }
        Ok(())
    }

    /// Has SQLite plan a statement.
    pub(crate) fn prepare(&self, sql: &str) -> Result<(), DatabaseError> {
        self.connection
            .prepare(sql)
            .map(drop)
            .map_err(|error| database_error(&error))
    }

    fn statement(
        &self,
        sql: &str,
        params: &[Value],
        limit: Option<Duration>,
    ) -> Result<CachedStatement<'_>, DatabaseError> {
        self.deadline.set(limit);
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| database_error(&error))?;
        // SQLite numbers `$1`, `$2`, … in the order of their first use, not by their names.
        for index in 1..=statement.parameter_count() {
            let number = statement
                .parameter_name(index)
                .and_then(|name| name.get(1..)?.parse::<usize>().ok());
            let value = number
                .and_then(|number| params.get(number.checked_sub(1)?))
                .ok_or_else(|| {
                    DatabaseError::Other(format!("nothing is bound to placeholder {index}"))
                })?;
            statement
                .raw_bind_parameter(index, value)
                .map_err(|error| database_error(&error))?;
        }
        Ok(statement)
    }
}

fn run(statement: &mut CachedStatement<'_>) -> Result<(), DatabaseError> {
    let mut rows = statement.raw_query();
    while rows
        .next()
        .map_err(|error| database_error(&error))?
        .is_some()
    {}
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(value) => value.map(ValueRef::Integer),
            Self::Float(value) => value.map(ValueRef::Real),
            Self::Boolean(value) => value.map(|value| ValueRef::Integer(i64::from(value))),
            Self::Text(value) => value.as_deref().map(|text| ValueRef::Text(text.as_bytes())),
            Self::Bytes(value) => value.as_deref().map(ValueRef::Blob),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}
