//! Running statements, inside a transaction or on a reader.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, SqliteConnection};

use crate::{DatabaseError, Engine, FromRow, Sql, Value};

/// A connection on which statements run: a transaction inside
/// [`Database::write`](crate::Database::write), or a [`Reader`](crate::Reader).
pub struct Tx {
    pub(crate) connection: Connection,
}

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(sqlx::Transaction<'static, Postgres>),
    PostgresReader(PoolConnection<Postgres>),
}

impl Tx {
    /// The engine behind, for the rare statement that needs two texts.
    pub fn engine(&self) -> Engine {
        match self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) | Connection::PostgresReader(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub async fn execute(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        let _ = (sql.into(), params);
        todo!()
    }

    /// Reads every row. Give the statement a limit, or use [`Tx::fetch`].
    pub async fn fetch_all<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        let _ = (sql.into(), params);
        todo!()
    }

    /// Reads the first row, if there is one.
    pub async fn fetch_optional<T: FromRow>(
        &mut self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        let _ = (sql.into(), params);
        todo!()
    }

    /// Reads the first row; [`DatabaseError::NotFound`] if there is none.
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
        let _ = (sql.into(), params);
        futures_util::stream::empty().boxed()
    }

    /// Waits until no other transaction holds `key`, and holds it until this one ends: for the
    /// few operations that read and then write what others may change in between. Nothing on
    /// SQLite, where only one transaction writes at a time; an advisory lock on PostgreSQL.
    pub async fn lock(&mut self, key: &str) -> Result<(), DatabaseError> {
        let _ = key;
        todo!()
    }

    /// Runs `action` once the transaction has committed and before the caller of `write` hears of
    /// it, even if that caller is gone: the place to invalidate caches. It also runs when it is
    /// unknown whether the commit took place; not when the transaction was rolled back.
    pub fn after_commit(&mut self, action: impl FnOnce() + Send + 'static) {
        let _ = action;
    }
}
