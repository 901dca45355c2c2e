//! The text of a statement: fixed, or composed from fixed parts and bound values.

use std::fmt::Write as _;

use crate::Value;
use crate::query::{Field, ListQuery};

/// The text of one statement. Made from a `&'static str`, or by [`SqlBuilder`], so that nothing a
/// client sent ever becomes part of it.
#[derive(Clone, Debug)]
pub struct Sql(pub(crate) SqlText);

#[derive(Clone, Debug)]
pub(crate) enum SqlText {
    Fixed(&'static str),
    Composed(String),
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(SqlText::Fixed(text))
    }
}

impl Sql {
    /// The text, with its placeholders.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            SqlText::Fixed(text) => text,
            SqlText::Composed(text) => text,
        }
    }
}

/// A statement of a migration, which is fixed but for the tokens that the engine fills in.
pub(crate) fn migration(statement: String) -> Sql {
    Sql(SqlText::Composed(statement))
}

/// Composes a statement from fixed parts, bound values and the filters of a [`ListQuery`].
#[derive(Clone, Debug, Default)]
pub struct SqlBuilder {
    text: String,
    params: Vec<Value>,
}

impl SqlBuilder {
    /// Begins with a fixed text. Placeholders in it count from `$1` and are bound by
    /// [`SqlBuilder::with`].
    pub fn new(text: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
        }
    }

    /// Begins with a fixed text whose placeholders `$1`… are `params`.
    pub fn with(text: &'static str, params: Vec<Value>) -> Self {
        Self {
            text: text.to_owned(),
            params,
        }
    }

    /// Appends a fixed text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends the next placeholder and binds `value` to it.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.params.push(value.into());
        let _ = write!(self.text, "${}", self.params.len());
        self
    }

    /// Appends ` AND <condition>` for each filter of `query` whose key is in `fields`; unknown
    /// keys are left out, as Harbor leaves them out.
    pub fn filters(&mut self, query: &ListQuery, fields: &[Field]) -> &mut Self {
        crate::query::push_filters(self, query, fields);
        self
    }

    /// Appends ` ORDER BY` for the sort keys of `query` that are in `fields`, else `default`
    /// (such as `"push_time DESC, id DESC"`).
    pub fn order(
        &mut self,
        query: &ListQuery,
        fields: &[Field],
        default: &'static str,
    ) -> &mut Self {
        crate::query::push_order(self, query, fields, default);
        self
    }

    /// Appends ` LIMIT … OFFSET …` for the page of `query`; nothing if it asks for everything.
    pub fn limit(&mut self, query: &ListQuery) -> &mut Self {
        crate::query::push_limit(self, query);
        self
    }

    /// The statement and its parameters.
    pub fn build(self) -> (Sql, Vec<Value>) {
        (Sql(SqlText::Composed(self.text)), self.params)
    }
}
