//! The relational database behind every room: transactions, rows, migrations,
//! list queries and caches that stay coherent with it, on SQLite and PostgreSQL.
//!
//! This crate knows no noun. The SQL of a noun lives in that noun's `store.rs`; `sqlx` is named
//! here and nowhere else. One SQL text serves both engines; the rules that keep it so:
//!
//! - placeholders are `$1`, `$2`, … ([`params!`] gives their values);
//! - whole numbers are `BIGINT`, times are `BIGINT` microseconds ([`Timestamp`]), JSON is `TEXT`;
//! - `RETURNING`, `ON CONFLICT`, CTEs and window functions work on both; `SUM` needs
//!   `CAST(… AS BIGINT)`;
//! - a list of values is one parameter: `x IN (SELECT value FROM json_each($1))` with
//!   [`Value::list`], and `SELECT CAST(value AS BIGINT)` where `x` is a number;
//! - the first failed statement ends a transaction on both engines: decide with `ON CONFLICT` and
//!   the number of changed rows, not by catching an error and going on.
//!
//! Where to look next: [`Database`] (open, read, write), [`Tx`] (statements), [`query`] (`q=`,
//! `sort=`, paging), [`cache`] (coherent caches), [`Migration`].

pub mod cache;
mod connection;
mod database;
mod engine;
mod error;
mod identifiers;
mod migration;
mod notification;
mod operation;
mod postgres;
pub mod query;
mod row;
mod settings;
mod sql;
mod sqlite;
mod timestamp;
mod transaction;
mod value;

pub use database::{Database, Reader};
pub use engine::Engine;
pub use error::{DatabaseError, TransactionError};
pub use futures_util::future::BoxFuture;
pub use migration::Migration;
pub use notification::{Heard, Listener};
pub use row::{Column, FromColumn, FromRow, RowReader};
pub use settings::{DatabaseSettings, DatabaseUrl, InvalidDatabaseUrl};
pub use sql::{Sql, SqlBuilder};
pub use timestamp::Timestamp;
pub use transaction::Tx;
pub use value::Value;
