//! Composing SQL from a [`ListQuery`]: text comes from [`Field`]s only, and whatever the client
//! sent is bound.

use super::{Field, FieldKind, Filter, FilterValue, ListQuery};
use crate::{SqlBuilder, Timestamp, Value};

/// A condition that nothing meets: a number was asked for and the client sent a word.
const NOTHING: &str = "1 = 0";

pub(crate) fn push_filters(sql: &mut SqlBuilder, query: &ListQuery, fields: &[Field]) {
    if let Some(ids) = &query.ids {
        match field(fields, "id") {
            Some(field) => {
                sql.push(" AND ").push(field.column);
                sql.push(" IN (SELECT CAST(value AS BIGINT) FROM json_each(");
                sql.bind(Value::list(ids)).push("))");
            }
            None => {
                sql.push(" AND ").push(NOTHING);
            }
        }
    }
    for (key, filter) in query.filters() {
        // `name__icontains=x`: Harbor's object mapper lets its operators through.
        let (name, operator) = key.split_once("__").unwrap_or((key, ""));
        let Some(field) = field(fields, name) else {
            continue;
        };
        match (filter, operator) {
            (Filter::Exact(text), "" | "exact" | "in") => compare(sql, field, " = ", text),
            (Filter::Exact(text), "gte") => compare(sql, field, " >= ", text),
            (Filter::Exact(text), "lte") => compare(sql, field, " <= ", text),
            (Filter::Exact(text), "gt") => compare(sql, field, " > ", text),
            (Filter::Exact(text), "lt") => compare(sql, field, " < ", text),
            (Filter::Exact(text), "icontains") | (Filter::Fuzzy(text), _) => {
                contains(sql, field, text);
            }
            // Another operator; a list whose meaning is the caller's.
            (Filter::Exact(_) | Filter::AllOf(_), _) => {}
            (Filter::Range(min, max), _) => {
                if let Some(min) = min {
                    compare(sql, field, " >= ", &written(min));
                }
                if let Some(max) = max {
                    compare(sql, field, " <= ", &written(max));
                }
            }
            (Filter::AnyOf(values), _) => any_of(sql, field, values),
        }
    }
}

pub(crate) fn push_order(
    sql: &mut SqlBuilder,
    query: &ListQuery,
    fields: &[Field],
    default: &'static str,
) {
    sql.push(" ORDER BY ");
    for key in query.sort() {
        if let Some(field) = field(fields, &key.key) {
            sql.push(field.column)
                .push(if key.descending { " DESC, " } else { " ASC, " });
        }
    }
    // Also behind the client's keys, so that rows which those hold equal keep one order on all pages.
    sql.push(default);
}

pub(crate) fn push_limit(sql: &mut SqlBuilder, query: &ListQuery) {
    let Some(limit) = query.limit() else { return };
    sql.push(" LIMIT ").bind(limit);
    if query.page > 1 {
        sql.push(" OFFSET ")
            .bind(limit.saturating_mul(query.page - 1));
    }
}

fn field<'f>(fields: &'f [Field], key: &str) -> Option<&'f Field> {
    fn letters(key: &str) -> impl Iterator<Item = u8> {
        key.bytes()
            .filter(|byte| *byte != b'_')
            .map(|byte| byte.to_ascii_lowercase())
    }
    fields
        .iter()
        .find(|field| letters(field.key).eq(letters(key)))
}

fn compare(sql: &mut SqlBuilder, field: &Field, operator: &'static str, text: &str) {
    match value(field.kind, text) {
        Some(value) => sql
            .push(" AND ")
            .push(field.column)
            .push(operator)
            .bind(value),
        None => sql.push(" AND ").push(NOTHING),
    };
}

fn contains(sql: &mut SqlBuilder, field: &Field, text: &str) {
    sql.push(" AND ");
    match field.kind {
        FieldKind::Text => sql.push("LOWER(").push(field.column).push(")"),
        FieldKind::Integer => sql.push("CAST(").push(field.column).push(" AS TEXT)"),
        FieldKind::Boolean | FieldKind::Time => {
            sql.push(NOTHING);
            return;
        }
    };
    // Both engines lower ASCII letters only, in columns that sort by byte.
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter.to_ascii_lowercase());
    }
    pattern.push('%');
    sql.push(" LIKE ").bind(pattern).push(" ESCAPE '\\'");
}

fn any_of(sql: &mut SqlBuilder, field: &Field, values: &[FilterValue]) {
    sql.push(" AND ").push(field.column).push(" IN (SELECT ");
    let written = values.iter().map(written);
    match field.kind {
        FieldKind::Text => sql.push("value FROM json_each(").bind(Value::list(written)),
        FieldKind::Integer | FieldKind::Time => {
            let numbers = written.filter_map(|text| match value(field.kind, &text) {
                Some(Value::Integer(number)) => number,
                _ => None,
            });
            sql.push("CAST(value AS BIGINT) FROM json_each(")
                .bind(Value::list(numbers))
        }
        FieldKind::Boolean => {
            let words = written
                .filter_map(|text| boolean(&text))
                .map(|yes| if yes { "1" } else { "0" });
            sql.push("value = '1' FROM json_each(")
                .bind(Value::list(words))
        }
    };
    sql.push("))");
}

/// What the client sent, for a column of this type; nothing if it does not fit.
fn value(kind: FieldKind, text: &str) -> Option<Value> {
    match kind {
        FieldKind::Text => Some(Value::from(text)),
        FieldKind::Integer => text.parse::<i64>().ok().map(Value::from),
        FieldKind::Boolean => boolean(text).map(Value::from),
        FieldKind::Time => super::parse::time(text)
            .or_else(|| Timestamp::parse_rfc3339(text))
            .map(Value::from),
    }
}

/// The words that Go's `ParseBool` knows.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A member of a range or list as the client wrote it.
fn written(value: &FilterValue) -> String {
    match value {
        FilterValue::Integer(number) => number.to_string(),
        FilterValue::Time(time) => {
            let mut text = time.to_rfc3339_millis();
            text.truncate("2006-01-02T15:04:05".len());
            text
        }
        FilterValue::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field {
            key: "name",
            column: "t.name",
            kind: FieldKind::Text,
        },
        Field {
            key: "creation_time",
            column: "t.creation_time",
            kind: FieldKind::Time,
        },
        Field {
            key: "size",
            column: "t.size",
            kind: FieldKind::Integer,
        },
        Field {
            key: "public",
            column: "t.public",
            kind: FieldKind::Boolean,
        },
    ];

    fn compose(q: &str, sort: &str) -> (String, Vec<Value>) {
        let query = ListQuery::parse(Some(q), Some(sort), Some("3"), None).unwrap();
        let mut sql = SqlBuilder::new("SELECT * FROM t WHERE 1 = 1");
        sql.filters(&query, FIELDS)
            .order(&query, FIELDS, "t.id")
            .limit(&query);
        let (sql, params) = sql.build();
        (sql.as_str().to_owned(), params)
    }

    #[test]
    fn a_query_becomes_a_statement_with_everything_bound() {
        let (sql, params) = compose(
            "name=~A_b,Size=[1~],CreationTime__gte=2020-01-02T03:04:05,unknown=1",
            "-name,nothing",
        );
        assert_eq!(
            sql,
            "SELECT * FROM t WHERE 1 = 1 AND t.creation_time >= $1 AND t.size >= $2 AND LOWER(t.name) LIKE $3 ESCAPE '\\' \
             ORDER BY t.name DESC, t.id LIMIT $4 OFFSET $5"
        );
        assert_eq!(
            params,
            crate::params![1_577_934_245_000_000_i64, 1_i64, "%a\\_b%", 10_i64, 20_i64]
        );
    }

    #[test]
    fn rows_are_picked_by_their_ids_or_none_is() {
        let query = ListQuery::parse(Some("name=a"), Some("-name"), Some("3"), None).unwrap();
        let query = query.only(&[7, 8]);
        let id = Field {
            key: "id",
            column: "t.id",
            kind: FieldKind::Integer,
        };
        let with = |fields: &[Field]| {
            let mut sql = SqlBuilder::new("SELECT * FROM t WHERE 1 = 1");
            sql.filters(&query, fields)
                .order(&query, fields, "t.id")
                .limit(&query);
            let (sql, params) = sql.build();
            (sql.as_str().to_owned(), params)
        };
        let (sql, params) = with(&[id, FIELDS[0]]);
        assert_eq!(
            sql,
            "SELECT * FROM t WHERE 1 = 1 AND t.id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) \
             AND t.name = $2 ORDER BY t.name DESC, t.id"
        );
        assert_eq!(params, crate::params!["[7,8]", "a"]);
        assert!(with(FIELDS).0.contains(" AND 1 = 0 AND "));
    }

    #[test]
    fn what_cannot_be_meets_nothing() {
        for q in [
            "size=big",
            "public=maybe",
            "creation_time=yesterday",
            "creation_time=~20",
        ] {
            assert!(compose(q, "").0.contains(" AND 1 = 0 ORDER"), "{q}");
        }
    }

    proptest::proptest! {
        /// The text depends on the shape of the query, never on what the client sent.
        #[test]
        fn values_are_always_bound(value in "[^,\\\\~\\[{(%+\0][^,%+\0]{0,30}", key in "name|size|public|creation_time") {
            let (sql, params) = compose(&format!("{key}={value}"), "");
            proptest::prop_assert!(sql.ends_with(" ORDER BY t.id LIMIT $2 OFFSET $3") || sql.contains(" AND 1 = 0 "), "{}", sql);
            proptest::prop_assert!(params.len() == 3 || params.len() == 2);
        }
    }
}
