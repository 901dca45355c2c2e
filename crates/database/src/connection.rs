//! What a [`Tx`](crate::Tx) runs its statements on.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, SqlStr};

use crate::sqlite::SqliteLink;
use crate::{DatabaseError, FromRow, Value};

pub(crate) enum Connection {
    /// On the writer's thread, which may block.
    SqliteWriter(SqliteLink),
    SqliteReader(SqliteLink),
    Postgres(sqlx::Transaction<'static, Postgres>),
    PostgresReader(PoolConnection<Postgres>),
    /// Taken out, by a statement that was cut short or since the value is dropped.
    Gone,
}

impl Connection {
    pub(crate) fn postgres(&mut self) -> Option<&mut PgConnection> {
        match self {
            Self::Postgres(transaction) => Some(&mut **transaction),
            Self::PostgresReader(connection) => Some(&mut **connection),
            Self::SqliteWriter(_) | Self::SqliteReader(_) | Self::Gone => None,
        }
    }

    pub(crate) fn take_sqlite(&mut self) -> Option<SqliteLink> {
        match std::mem::replace(self, Self::Gone) {
            Self::SqliteWriter(link) | Self::SqliteReader(link) => Some(link),
            other => {
                *self = other;
                None
            }
        }
    }

    /// The connection did not answer, or was lost: nobody is to have it next.
    pub(crate) fn distrust(&mut self) {
        if let Self::PostgresReader(connection) = self {
            connection.close_on_drop();
        }
    }
}

pub(crate) fn gone() -> DatabaseError {
    DatabaseError::Other("the connection is gone".to_owned())
}

pub(crate) fn read_all<T: FromRow>(
    link: &SqliteLink,
    text: &SqlStr,
    params: &[Value],
    limit: Option<Duration>,
) -> Result<Vec<T>, DatabaseError> {
    let mut rows = Vec::new();
    link.query(text.as_str(), params, limit, |row| {
        rows.push(row);
        true
    })?;
    Ok(rows)
}

pub(crate) fn read_first<T: FromRow>(
    link: &SqliteLink,
    text: &SqlStr,
    params: &[Value],
    limit: Option<Duration>,
) -> Result<Option<T>, DatabaseError> {
    let mut first = None;
    link.query(text.as_str(), params, limit, |row| {
        first = Some(row);
        false
    })?;
    Ok(first)
}
