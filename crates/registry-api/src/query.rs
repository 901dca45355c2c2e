//! The query strings of this surface: `key=value` pairs, escaped, in order, keys repeated at will.
//! What a parameter means is told where it is used.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What may stand in a value of a query unescaped: names, tags and digests read well in logs.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b':');

/// The first value of a parameter.
pub fn first<'a>(query: Option<&'a str>, key: &str) -> Option<Cow<'a, str>> {
    all(query, key).next()
}

/// Every value of a parameter, in order. Values that are not UTF-8 are read with replacement characters,
/// which no grammar of this surface takes.
pub fn all<'a>(query: Option<&'a str>, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
    query
        .unwrap_or_default()
        .split('&')
        .filter_map(move |pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (!pair.is_empty() && decode(name) == key).then(|| decode(value))
        })
}

fn decode(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
    }
    percent_decode_str(text).decode_utf8_lossy()
}

/// A value as it stands in a query.
pub fn escape(value: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(value, VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_unescaped() {
        let query = Some("n=10&last=a%2Fb&scope=x+y&tag=1&tag=2&flag&=odd&&mount=sha256%3Aab");
        assert_eq!(first(query, "n").as_deref(), Some("10"));
        assert_eq!(first(query, "last").as_deref(), Some("a/b"));
        assert_eq!(first(query, "scope").as_deref(), Some("x y"));
        assert_eq!(first(query, "flag").as_deref(), Some(""));
        assert_eq!(first(query, "mount").as_deref(), Some("sha256:ab"));
        assert_eq!(first(query, "absent"), None);
        assert_eq!(first(None, "n"), None);
        assert_eq!(all(query, "tag").collect::<Vec<_>>(), ["1", "2"]);
    }

    proptest::proptest! {
        #[test]
        fn an_escaped_value_comes_back(value in "\\PC{0,40}") {
            let query = format!("a=1&v={}&b=2", escape(&value));
            proptest::prop_assert_eq!(first(Some(&query), "v").unwrap(), value);
        }

        #[test]
        fn no_query_panics(query in "\\PC{0,80}") {
            let _ = first(Some(&query), "n");
        }
    }
}
