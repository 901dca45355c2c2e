//! Values bound to the placeholders of a statement. Reading them back is `row`.

use serde::Serialize;

/// A value for a placeholder. A null keeps its type, since PostgreSQL wants to know it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `BIGINT`.
    Integer(Option<i64>),
    /// `DOUBLE PRECISION`.
    Float(Option<f64>),
    /// `BOOLEAN`.
    Boolean(Option<bool>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BLOB` on SQLite, `BYTEA` on PostgreSQL.
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// Many values in one parameter, for `x IN (SELECT value FROM json_each($1))`; where `x` is a
    /// number, `SELECT CAST(value AS BIGINT)`.
    pub fn list<T: Serialize>(values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        // Numbers, texts and ids have no form that JSON lacks; a value that has becomes no match.
        Self::Text(Some(
            serde_json::to_string(&values).unwrap_or_else(|_| "[]".to_owned()),
        ))
    }
}

/// Values for the placeholders `$1`, `$2`, … of a statement: anything [`Value`] can be made from.
///
/// ```
/// use seawall_database::{Value, params};
/// assert_eq!(params![7_i64, "x"], vec![Value::from(7_i64), Value::from("x")]);
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::Value::from($value)),*]
    };
}

macro_rules! from {
    ($($variant:ident($source:ty) = |$value:ident| $convert:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($value: $source) -> Self {
                Self::$variant(Some($convert))
            }
        }

        impl From<Option<$source>> for Value {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map(|$value| $convert))
            }
        }
    )*};
}
pub(crate) use from;

from! {
    Integer(i64) = |value| value;
    Integer(i32) = |value| i64::from(value);
    Integer(u32) = |value| i64::from(value);
    Integer(u16) = |value| i64::from(value);
    Integer(u8) = |value| i64::from(value);
    // Sizes and counts: nothing that is stored comes near 2^63, so the bound is never met.
    Integer(u64) = |value| i64::try_from(value).unwrap_or(i64::MAX);
    Integer(usize) = |value| i64::try_from(value).unwrap_or(i64::MAX);
    Integer(crate::Timestamp) = |value| value.0;
    Float(f64) = |value| value;
    Boolean(bool) = |value| value;
    Text(&str) = |value| value.to_owned();
    Text(&String) = |value| value.clone();
    Text(String) = |value| value;
    Bytes(&[u8]) = |value| value.to_vec();
    Bytes(Vec<u8>) = |value| value;
}
