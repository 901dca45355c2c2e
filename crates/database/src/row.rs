//! Reading the columns of a row, in the order of the select list, on either engine.

use rusqlite::types::ValueRef;
use sqlx::postgres::PgRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::DatabaseError;

/// Something that a row can be read into.
///
/// ```
/// use seawall_database::{DatabaseError, FromRow, RowReader};
///
/// struct Tag { name: String, size: u64 }
///
/// impl FromRow for Tag {
///     fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
///         Ok(Tag { name: row.next()?, size: row.next()? })
///     }
/// }
/// ```
pub trait FromRow: Sized {
    /// Reads the columns in the order of the select list.
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError>;
}

/// Something that one column can be read into; `Option` of it then reads a column with nulls.
pub trait FromColumn: Sized {
    /// `None` is the null.
    fn from_column(column: Column<'_>) -> Result<Option<Self>, DatabaseError>;
}

/// A row being read from left to right.
#[derive(Debug)]
pub struct RowReader<'r> {
    row: Row<'r>,
    next: usize,
}

/// One column of a row.
#[derive(Clone, Copy, Debug)]
pub struct Column<'r> {
    row: Row<'r>,
    index: usize,
}

#[derive(Clone, Copy)]
enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r PgRow),
}

impl std::fmt::Debug for Row<'_> {
    /// Says which engine the row is of, never what it holds: rows hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(_) => "Postgres",
        })
    }
}

/// Reads a whole row of either engine.
pub(crate) trait ReadRow {
    fn read<T: FromRow>(&self) -> Result<T, DatabaseError>;
}

impl ReadRow for rusqlite::Row<'_> {
    fn read<T: FromRow>(&self) -> Result<T, DatabaseError> {
        T::from_row(&mut RowReader {
            row: Row::Sqlite(self),
            next: 0,
        })
    }
}

impl ReadRow for PgRow {
    fn read<T: FromRow>(&self) -> Result<T, DatabaseError> {
        T::from_row(&mut RowReader {
            row: Row::Postgres(self),
            next: 0,
        })
    }
}

impl<'r> RowReader<'r> {
    /// Reads the next column (or the next few, for a type that is itself a row).
    #[expect(
        clippy::should_implement_trait,
        reason = "it is generic in what it returns"
    )]
    pub fn next<T: FromRow>(&mut self) -> Result<T, DatabaseError> {
        T::from_row(self)
    }

    fn column(&mut self) -> Column<'r> {
        let column = Column {
            row: self.row,
            index: self.next,
        };
        self.next += 1;
        column
    }
}

impl Column<'_> {
    /// A whole number: `BIGINT`, `INTEGER` or `SMALLINT`.
    pub fn integer(self) -> Result<Option<i64>, DatabaseError> {
        match self.row {
            Row::Sqlite(row) => match self.stored(row)? {
                ValueRef::Null => Ok(None),
                ValueRef::Integer(value) => Ok(Some(value)),
                other => Err(self.unexpected(other)),
            },
            Row::Postgres(row) => {
                let raw = row
                    .try_get_raw(self.index)
                    .map_err(|error| self.invalid(error))?;
                match raw.type_info().name() {
                    "INT2" => self.decode::<i16>(row).map(|value| value.map(i64::from)),
                    "INT4" => self.decode::<i32>(row).map(|value| value.map(i64::from)),
                    _ => self.decode(row),
                }
            }
        }
    }

    /// A number with a fraction: `DOUBLE PRECISION`.
    pub fn float(self) -> Result<Option<f64>, DatabaseError> {
        match self.row {
            Row::Sqlite(row) => match self.stored(row)? {
                ValueRef::Null => Ok(None),
                ValueRef::Real(value) => Ok(Some(value)),
                other => Err(self.unexpected(other)),
            },
            Row::Postgres(row) => self.decode(row),
        }
    }

    /// `BOOLEAN`, or the result of a comparison.
    pub fn boolean(self) -> Result<Option<bool>, DatabaseError> {
        match self.row {
            Row::Sqlite(row) => match self.stored(row)? {
                ValueRef::Null => Ok(None),
                ValueRef::Integer(value) => Ok(Some(value != 0)),
                other => Err(self.unexpected(other)),
            },
            Row::Postgres(row) => self.decode(row),
        }
    }

    /// `TEXT`.
    pub fn text(self) -> Result<Option<String>, DatabaseError> {
        match self.row {
            Row::Sqlite(row) => match self.stored(row)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(text) => std::str::from_utf8(text)
                    .map(|text| Some(text.to_owned()))
                    .map_err(|error| self.invalid(error)),
                other => Err(self.unexpected(other)),
            },
            Row::Postgres(row) => self.decode(row),
        }
    }

    /// `BLOB` or `BYTEA`.
    pub fn bytes(self) -> Result<Option<Vec<u8>>, DatabaseError> {
        match self.row {
            Row::Sqlite(row) => match self.stored(row)? {
                ValueRef::Null => Ok(None),
                ValueRef::Blob(bytes) => Ok(Some(bytes.to_vec())),
                other => Err(self.unexpected(other)),
            },
            Row::Postgres(row) => self.decode(row),
        }
    }

    fn stored<'r>(self, row: &'r rusqlite::Row<'r>) -> Result<ValueRef<'r>, DatabaseError> {
        row.get_ref(self.index).map_err(|error| self.invalid(error))
    }

    fn unexpected(self, value: ValueRef<'_>) -> DatabaseError {
        self.invalid(format_args!("unexpected {}", value.data_type()))
    }

    fn decode<'r, T>(self, row: &'r PgRow) -> Result<Option<T>, DatabaseError>
    where
        T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        row.try_get(self.index).map_err(|error| self.invalid(error))
    }

    /// An error that names this column, for a value that is not what it should be.
    pub fn invalid(self, what: impl std::fmt::Display) -> DatabaseError {
        DatabaseError::Other(format!("column {} of a row: {what}", self.index + 1))
    }
}

macro_rules! columns {
    ($($type:ty = |$column:ident| $read:expr;)*) => {$(
        impl FromColumn for $type {
            fn from_column($column: Column<'_>) -> Result<Option<Self>, DatabaseError> {
                $read
            }
        }
    )*};
}

columns! {
    i64 = |column| column.integer();
    f64 = |column| column.float();
    bool = |column| column.boolean();
    String = |column| column.text();
    Vec<u8> = |column| column.bytes();
    crate::Timestamp = |column| Ok(column.integer()?.map(crate::Timestamp));
    u64 = |column| narrow(column);
    u32 = |column| narrow(column);
    u16 = |column| narrow(column);
    i32 = |column| narrow(column);
    usize = |column| narrow(column);
}

fn narrow<T: TryFrom<i64>>(column: Column<'_>) -> Result<Option<T>, DatabaseError> {
    let Some(value) = column.integer()? else {
        return Ok(None);
    };
    T::try_from(value)
        .map(Some)
        .map_err(|_| column.invalid(format_args!("{value} is out of range")))
}

impl<T: FromColumn> FromRow for T {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let column = row.column();
        T::from_column(column)?.ok_or_else(|| column.invalid("unexpected null"))
    }
}

impl<T: FromColumn> FromRow for Option<T> {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        T::from_column(row.column())
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: FromRow),+> FromRow for ($($name,)+) {
            fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
                Ok(($($name::from_row(row)?,)+))
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
}
