//! SQLite's result codes in the words of [`DatabaseError`] (<https://sqlite.org/rescode.html>).

use rusqlite::Error;
use rusqlite::ffi;

use crate::DatabaseError;

pub(super) fn database_error(error: &Error) -> DatabaseError {
    let (code, message) = match error {
        Error::SqliteFailure(failure, message) => (
            failure.extended_code,
            message.clone().unwrap_or_else(|| failure.to_string()),
        ),
        Error::SqlInputError { error, msg, .. } => (error.extended_code, msg.clone()),
        _ => return DatabaseError::Other(error.to_string()),
    };
    match (code & 0xff, code) {
        (
            _,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => unique_violation(&message),
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => DatabaseError::ForeignKeyViolation(message),
        (ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED, _) => DatabaseError::Busy(message),
        // Only a deadline interrupts.
        (ffi::SQLITE_INTERRUPT, _) => DatabaseError::Busy("a statement ran out of time".to_owned()),
        // Without more: a statement that writes on a reader.
        (_, ffi::SQLITE_READONLY) => DatabaseError::Other(message),
        (
            ffi::SQLITE_NOMEM
            | ffi::SQLITE_READONLY
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_CORRUPT
            | ffi::SQLITE_FULL
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_NOTADB,
            _,
        ) => DatabaseError::Unavailable(format!("{message} (SQLite code {code})")),
        _ => DatabaseError::Other(message),
    }
}

/// `UNIQUE constraint failed: tags.repository_id, tags.name`
fn unique_violation(message: &str) -> DatabaseError {
    let constraint = message
        .split_once(": ")
        .map_or(message, |(_, columns)| columns);
    let table = constraint.split_once('.').map_or("", |(table, _)| table);
    DatabaseError::UniqueViolation {
        table: table.to_owned(),
        constraint: constraint.to_owned(),
    }
}
