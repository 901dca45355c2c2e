//! Reading `q=`, `sort=`, `page=` and `page_size=` as Harbor reads them, with its messages.

use std::collections::BTreeMap;

use super::{Filter, FilterValue, ListQuery, QueryError, SortKey};
use crate::Timestamp;

const DEFAULT_PAGE_SIZE: i64 = 10;
const LARGEST_PAGE_SIZE: i64 = 100;

pub(super) fn list_query(
    q: Option<&str>,
    sort: Option<&str>,
    page: Option<&str>,
    page_size: Option<&str>,
) -> Result<ListQuery, QueryError> {
    // Harbor's schema is checked before its handler reads `q`.
    let page = integer("page", page)?.unwrap_or(1);
    let page_size = integer("page_size", page_size)?.unwrap_or(DEFAULT_PAGE_SIZE);
    if page_size > LARGEST_PAGE_SIZE {
        return Err(QueryError::Unprocessable(format!(
            "page_size in query should be less than or equal to {LARGEST_PAGE_SIZE}"
        )));
    }
    Ok(ListQuery {
        filters: filters(q.unwrap_or_default())?,
        sort: sort_keys(sort.unwrap_or_default()),
        ids: None,
        page,
        page_size,
    })
}

/// A whole number; an empty one is as good as none.
fn integer(name: &str, text: Option<&str>) -> Result<Option<i64>, QueryError> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            QueryError::Unprocessable(format!("{name} in query must be of type int64: {text:?}"))
        }),
    }
}

fn filters(q: &str) -> Result<BTreeMap<String, Filter>, QueryError> {
    let mut filters = BTreeMap::new();
    if q.is_empty() {
        return Ok(filters);
    }
    let decoded = decode(q);
    let q = decoded.as_deref().unwrap_or(q);
    // PostgreSQL has no such text; Harbor answers 500.
    if q.contains('\0') {
        return Err(QueryError::Malformed(
            "the query string must not contain a null character".to_owned(),
        ));
    }
    for term in q.split(',') {
        let (key, value) = term
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or_else(|| {
                QueryError::Malformed(
                    "the query string must contain \"=\" and the key/value cannot be empty"
                        .to_owned(),
                )
            })?;
        let filter = pattern(value).map_err(|cause| {
            QueryError::Malformed(format!("invalid query string value: {value}: {cause}"))
        })?;
        filters.insert(key.to_owned(), filter);
    }
    Ok(filters)
}

/// One more decoding than the framework's, as Harbor does; nothing if the text is not encoded well.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn pattern(value: &str) -> Result<Filter, &'static str> {
    match value.as_bytes().first() {
        Some(b'~') if value.len() < 2 => {
            Err("fuzzy match value must start with \"~\" and contain at least 1 other characters")
        }
        Some(b'~') => Ok(Filter::Fuzzy(value[1..].to_owned())),
        Some(b'[') => range(value),
        Some(b'{') => list(value, '}')
            .map(Filter::AnyOf)
            .ok_or("or list must start with \"{\" and end with \"}\""),
        Some(b'(') => list(value, ')')
            .map(Filter::AllOf)
            .ok_or("and list must start with \"(\" and end with \")\""),
        // A backslash takes the special meaning from what follows.
        _ => Ok(Filter::Exact(
            value.strip_prefix('\\').unwrap_or(value).to_owned(),
        )),
    }
}

fn range(value: &str) -> Result<Filter, &'static str> {
    let ends = value
        .strip_prefix('[')
        .and_then(|value| value.strip_suffix(']'))
        .and_then(|ends| ends.split_once('~'))
        .filter(|(_, max)| !max.contains('~'));
    let Some((min, max)) = ends else {
        return Err("range must start with \"[\", end with \"]\" and contains only one \"~\"");
    };
    let end = |text: &str| (!text.trim().is_empty()).then(|| member(text));
    match (end(min), end(max)) {
        (None, None) => Err("min and max at least one should be set in range'"),
        (min, max) => Ok(Filter::Range(min, max)),
    }
}

fn list(value: &str, close: char) -> Option<Vec<FilterValue>> {
    let members = value.get(1..)?.strip_suffix(close)?;
    let members = members.split(' ').map(member);
    Some(
        members
            .filter(|member| *member != FilterValue::Text(String::new()))
            .collect(),
    )
}

/// A time, else a whole number, else a text without the quotes around it.
fn member(text: &str) -> FilterValue {
    let text = text.trim();
    if let Some(time) = time(text) {
        return FilterValue::Time(time);
    }
    match text.parse::<i64>() {
        // `007` is no number that could be written back.
        Ok(number) if number.to_string() == text => FilterValue::Integer(number),
        _ => FilterValue::Text(text.trim_matches(['"', '\'']).to_owned()),
    }
}

/// `2006-01-02T15:04:05` in UTC, and nothing else.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if text.len() != 19 || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let time: jiff::civil::DateTime = text.parse().ok()?;
    let moment = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?;
    Some(Timestamp(moment.as_microsecond()))
}

fn sort_keys(sort: &str) -> Vec<SortKey> {
    let keys = sort.split(',').filter(|key| !key.is_empty());
    keys.map(|key| match key.strip_prefix('-') {
        Some(key) => SortKey {
            key: key.to_owned(),
            descending: true,
        },
        None => SortKey {
            key: key.to_owned(),
            descending: false,
        },
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(q: &str) -> Filter {
        let mut filters = filters(q).unwrap_or_else(|error| panic!("{q}: {error}"));
        filters.remove("k").unwrap()
    }

    fn text(text: &str) -> FilterValue {
        FilterValue::Text(text.to_owned())
    }

    #[test]
    fn each_form_is_read() {
        assert_eq!(one("k=v"), Filter::Exact("v".into()));
        assert_eq!(one("k=a=b"), Filter::Exact("a=b".into()));
        assert_eq!(one("k=~v"), Filter::Fuzzy("v".into()));
        assert_eq!(one("k=\\[x"), Filter::Exact("[x".into()));
        assert_eq!(
            one("k=[1~5]"),
            Filter::Range(Some(FilterValue::Integer(1)), Some(FilterValue::Integer(5)))
        );
        assert_eq!(
            one("k=[~5]"),
            Filter::Range(None, Some(FilterValue::Integer(5)))
        );
        assert_eq!(
            one("k=[2020-01-02T03:04:05~]"),
            Filter::Range(
                Some(FilterValue::Time(Timestamp::from_seconds(1_577_934_245))),
                None
            )
        );
        assert_eq!(
            one("k={a \"b\" 3}"),
            Filter::AnyOf(vec![text("a"), text("b"), FilterValue::Integer(3)])
        );
        assert_eq!(
            one("k=(1 2)"),
            Filter::AllOf(vec![FilterValue::Integer(1), FilterValue::Integer(2)])
        );
        assert_eq!(one("k={}"), Filter::AnyOf(vec![]));
        assert_eq!(one("k={007 ''}"), Filter::AnyOf(vec![text("007")]));
    }

    #[test]
    fn the_value_is_decoded_once_more_if_it_can_be() {
        assert_eq!(one("k%3Dnil"), Filter::Exact("nil".into()));
        assert_eq!(one("k=a+b"), Filter::Exact("a b".into()));
        assert_eq!(one("k=100%"), Filter::Exact("100%".into()));
        assert_eq!(one("k=%ff+"), Filter::Exact("%ff+".into()));
    }

    #[test]
    fn what_harbor_refuses_is_refused_with_its_words() {
        let empty = "the query string must contain \"=\" and the key/value cannot be empty";
        for (q, message) in [
            ("k", empty),
            ("k=", empty),
            ("=v", empty),
            ("k=v,", empty),
            (
                "k=~",
                "invalid query string value: ~: fuzzy match value must start with \"~\" and contain at least 1 other characters",
            ),
            (
                "k=[1~2",
                "invalid query string value: [1~2: range must start with \"[\", end with \"]\" and contains only one \"~\"",
            ),
            (
                "k=[1~2~3]",
                "invalid query string value: [1~2~3]: range must start with \"[\", end with \"]\" and contains only one \"~\"",
            ),
            (
                "k=[~]",
                "invalid query string value: [~]: min and max at least one should be set in range'",
            ),
            (
                "k={a",
                "invalid query string value: {a: or list must start with \"{\" and end with \"}\"",
            ),
            (
                "k=(a",
                "invalid query string value: (a: and list must start with \"(\" and end with \")\"",
            ),
            (
                "k=%00",
                "the query string must not contain a null character",
            ),
        ] {
            assert_eq!(
                filters(q),
                Err(QueryError::Malformed(message.to_owned())),
                "{q}"
            );
        }
    }

    #[test]
    fn pages_are_bounded_as_harbor_bounds_them() {
        let read = |page, page_size| {
            ListQuery::parse(None, None, page, page_size).map(|query| (query.page, query.page_size))
        };
        assert_eq!(read(None, None), Ok((1, 10)));
        assert_eq!(read(Some(""), Some("")), Ok((1, 10)));
        assert_eq!(read(Some("3"), Some("100")), Ok((3, 100)));
        assert_eq!(read(Some("-1"), Some("-1")), Ok((-1, -1)));
        assert_eq!(read(None, Some("0")), Ok((1, 0)));
        let refused = |text: &str| Err(QueryError::Unprocessable(text.to_owned()));
        assert_eq!(
            read(None, Some("101")),
            refused("page_size in query should be less than or equal to 100")
        );
        assert_eq!(
            read(Some("x"), None),
            refused("page in query must be of type int64: \"x\"")
        );
        assert_eq!(
            read(None, Some("1.5")),
            refused("page_size in query must be of type int64: \"1.5\"")
        );
    }

    #[test]
    fn sort_keys_keep_their_order() {
        let keys = sort_keys("name,-creation_time,,-");
        let keys: Vec<_> = keys
            .iter()
            .map(|key| (key.key.as_str(), key.descending))
            .collect();
        assert_eq!(keys, [("name", false), ("creation_time", true), ("", true)]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(q in ".{0,40}", sort in ".{0,20}", page in ".{0,8}") {
            let _ = ListQuery::parse(Some(&q), Some(&sort), Some(&page), Some(&page));
        }

        #[test]
        fn no_hostile_text_makes_the_parser_panic(q in "[k=~\\[\\]{}()\\\\,+% 0-9aé\"'T:-]{0,40}") {
            let _ = ListQuery::parse(Some(&q), Some(&q), None, None);
        }
    }
}
