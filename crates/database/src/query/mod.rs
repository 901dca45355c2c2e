//! Harbor's list language: `q=`, `sort=`, `page=`, `page_size=` (Harbor `src/lib/q`, `src/lib/orm`).
//!
//! [`ListQuery::parse`] reads what the client sent; [`SqlBuilder`](crate::SqlBuilder) composes the
//! statement. Keys that are no column (`tags`, `labels`, `public`, …) are the caller's: it looks
//! them up with [`ListQuery::filter`] and leaves them out of its [`Field`]s.

mod compose;
mod parse;

use std::collections::BTreeMap;

use crate::Timestamp;

pub(crate) use compose::{push_filters, push_limit, push_order};

/// What a client asks of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    filters: BTreeMap<String, Filter>,
    sort: Vec<SortKey>,
    /// The ids of the only rows that are wanted.
    ids: Option<Vec<i64>>,
    /// The page, counted from 1.
    pub page: i64,
    /// Rows on a page; 0 or less asks for all of them.
    pub page_size: i64,
}

/// The condition on one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// `k=v`: equal.
    Exact(String),
    /// `k=~v`: contains, whatever the case.
    Fuzzy(String),
    /// `k=[min~max]`: between, both included; one end may be open.
    Range(Option<FilterValue>, Option<FilterValue>),
    /// `k={a b}`: any of.
    AnyOf(Vec<FilterValue>),
    /// `k=(a b)`: all of. Only virtual keys know what that means; a column ignores it.
    AllOf(Vec<FilterValue>),
}

/// A member of a range or list, typed by its look as Harbor types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterValue {
    /// A whole number.
    Integer(i64),
    /// `2006-01-02T15:04:05`, in UTC.
    Time(Timestamp),
    /// Anything else.
    Text(String),
}

/// One key of `sort=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The key as sent.
    pub key: String,
    /// Whether it stood behind a `-`.
    pub descending: bool,
}

/// A key of `q=` and `sort=` that is a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key in the query. Case and `_` do not matter, since Harbor takes the Go name
    /// (`CreationTime`) as well as the column's (`creation_time`).
    pub key: &'static str,
    /// The SQL expression.
    pub column: &'static str,
    /// Its type.
    pub kind: FieldKind,
}

/// The type of a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `TEXT`.
    Text,
    /// `BIGINT`.
    Integer,
    /// `BOOLEAN`.
    Boolean,
    /// A [`Timestamp`].
    Time,
}

/// Why a list query is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// 400 `BAD_REQUEST`.
    #[error("{0}")]
    Malformed(String),
    /// 422 `UNPROCESSABLE_ENTITY`: a parameter that Harbor's schema refuses.
    #[error("{0}")]
    Unprocessable(String),
}

impl ListQuery {
    /// Reads the four parameters of a list, each as the URL had it after one decoding. `page` is 1
    /// and `page_size` 10 where they are left out.
    pub fn parse(
        q: Option<&str>,
        sort: Option<&str>,
        page: Option<&str>,
        page_size: Option<&str>,
    ) -> Result<Self, QueryError> {
        parse::list_query(q, sort, page, page_size)
    }

    /// The condition on `key`, for keys that are no column.
    pub fn filter(&self, key: &str) -> Option<&Filter> {
        self.filters.get(key)
    }

    /// Every condition, by key.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &Filter)> {
        self.filters
            .iter()
            .map(|(key, filter)| (key.as_str(), filter))
    }

    /// Adds or replaces a condition, for lists that a path narrows.
    pub fn set(&mut self, key: &str, filter: Filter) {
        self.filters.insert(key.to_owned(), filter);
    }

    /// Takes a condition out.
    pub fn remove(&mut self, key: &str) -> Option<Filter> {
        self.filters.remove(key)
    }

    /// The same list, but of these rows only, all on one page: how a list without pages is read in
    /// batches, which neither repeat nor skip a row that is made or goes meanwhile. Needs a field `id`.
    #[must_use]
    pub fn only(&self, ids: &[i64]) -> Self {
        Self {
            ids: Some(ids.to_vec()),
            page: 1,
            page_size: 0,
            ..self.clone()
        }
    }

    /// The rows that [`ListQuery::only`] asked for.
    pub fn ids(&self) -> Option<&[i64]> {
        self.ids.as_deref()
    }

    /// The same rows of the same page, without conditions and order.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            ids: self.ids.clone(),
            page: self.page,
            page_size: self.page_size,
            ..Self::default()
        }
    }

    /// The keys to sort by, in order.
    pub fn sort(&self) -> &[SortKey] {
        &self.sort
    }

    /// Rows on a page, unless everything is asked for.
    pub fn limit(&self) -> Option<i64> {
        (self.page_size > 0).then_some(self.page_size)
    }
}
