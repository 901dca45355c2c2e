//! SQLite's result codes in the words of [`DatabaseError`] (<https://sqlite.org/rescode.html>).

use crate::DatabaseError;

pub(crate) fn database_error(error: &sqlx::Error) -> DatabaseError {
    let sqlx::Error::Database(failure) = error else {
        return match error {
            sqlx::Error::WorkerCrashed | sqlx::Error::Io(_) => {
                DatabaseError::Unavailable(error.to_string())
            }
            _ => DatabaseError::Other(error.to_string()),
        };
    };
    let message = failure.message().to_owned();
    let code: i32 = failure
        .code()
        .and_then(|code| code.parse().ok())
        .unwrap_or_default();
    match (code & 0xff, code) {
        // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
        (19, 2067 | 1555 | 2579) => unique_violation(&message),
        // SQLITE_CONSTRAINT_FOREIGNKEY
        (19, 787) => DatabaseError::ForeignKeyViolation(message),
        // SQLITE_BUSY, SQLITE_LOCKED
        (5 | 6, _) => DatabaseError::Busy(message),
        // SQLITE_INTERRUPT: only a deadline interrupts.
        (9, _) => DatabaseError::Busy("a statement ran out of time".to_owned()),
        // SQLITE_READONLY without more: a statement that writes on a reader.
        (8, 8) => DatabaseError::Other(message),
        // SQLITE_NOMEM, _READONLY_*, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB
        (7 | 8 | 10 | 11 | 13 | 14 | 26, _) => {
            DatabaseError::Unavailable(format!("{message} (SQLite code {code})"))
        }
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
