//! The query string: taken apart once, then asked for parameters by name, each with the checks of the schema.
//!
//! Harbor answers 400 to a query that cannot be unescaped, 422 to a value of the wrong type or out of bounds. What `q` and
//! `sort` mean is not here but in `seawall_database::query`; paging headers are in `paging.rs`.

use percent_encoding::percent_decode;

use crate::error::ApiError;

/// The largest page that may be asked for.
pub const MAX_PAGE_SIZE: i64 = 100;
/// The page size when none is asked for.
const DEFAULT_PAGE_SIZE: i64 = 10;

/// The parameters of a query string, in their order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The page, from 1.
    pub page: i64,
    /// Items in a page; zero or less for all there are.
    pub page_size: i64,
}

impl Query {
    /// Takes a query string apart.
    ///
    /// # Errors
    /// 400 for broken escapes, semicolons as separators, or text that is not UTF-8.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let mut parameters = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            if part.contains(';') {
                return Err(malformed("invalid semicolon separator in query"));
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            parameters.push((unescape(name)?, unescape(value)?));
        }
        Ok(Self(parameters))
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there and not be empty.
    ///
    /// # Errors
    /// 422 when it is not.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        match self.get(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ApiError::validation(format!("{name} in query is required"))),
        }
    }

    /// A text parameter that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// A number.
    ///
    /// # Errors
    /// 422 when it is none.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || format!("{name} in query must be of type int64: {text:?}");
        text.parse()
            .map(Some)
            .map_err(|_| ApiError::validation(wrong()))
    }

    /// A yes or no, in the words that go-openapi takes: everything that is not a yes is a no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?.to_ascii_lowercase();
        let yes = [
            "true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled",
        ];
        Some(yes.contains(&text.as_str()))
    }

    /// The wanted page: `page` (1) and `page_size` (10, at most 100, zero or less for everything).
    ///
    /// # Errors
    /// 422 for what is no number or too large.
    pub fn page(&self) -> Result<PageRequest, ApiError> {
        let page = self.integer("page")?.unwrap_or(1);
        let page_size = self.integer("page_size")?.unwrap_or(DEFAULT_PAGE_SIZE);
        if page_size > MAX_PAGE_SIZE {
            return Err(ApiError::validation(format!(
                "page_size in query should be less than or equal to {MAX_PAGE_SIZE}"
            )));
        }
        Ok(PageRequest {
            page: page.max(1),
            page_size,
        })
    }

    /// The parameters, for a link to another page.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn malformed(what: &str) -> ApiError {
    ApiError::bad_request(format!("malformed query: {what}"))
}

/// Undoes the escapes of a name or value.
fn unescape(text: &str) -> Result<String, ApiError> {
    let bytes = text.as_bytes();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(malformed("invalid URL escape"));
        }
    }
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded).map_err(|_| malformed("not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn values_are_unescaped() {
        let query = parse("q=name%3D~a+b&empty=&flag");
        assert_eq!(query.get("q"), Some("name=~a b"));
        assert_eq!(query.get("empty"), Some(""));
        assert_eq!(query.text("empty"), None);
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("other"), None);
    }

    #[test]
    fn broken_queries_are_bad_requests() {
        for text in ["a=%", "a=%2", "%zz=1", "a=1;b=2", "a=%ff"] {
            let error = Query::parse(text).unwrap_err();
            assert_eq!(error.status(), 400, "{text}");
        }
    }

    #[test]
    fn pages_have_bounds() {
        let page = |text: &str| parse(text).page();
        let default = PageRequest {
            page: 1,
            page_size: 10,
        };
        assert_eq!(page(""), Ok(default));
        assert_eq!(page("page=0"), Ok(default));
        assert_eq!(page("page_size=-1").unwrap().page_size, -1);
        assert_eq!(page("page_size=100").unwrap().page_size, 100);
        assert_eq!(page("page_size=101").unwrap_err().status(), 422);
        let error = page("page=x").unwrap_err();
        assert_eq!(
            error.message(),
            "validation failure list:\npage in query must be of type int64: \"x\""
        );
    }

    #[test]
    fn flags_take_the_words_of_go_openapi() {
        assert_eq!(parse("a=TRUE").flag("a"), Some(true));
        assert_eq!(parse("a=1").flag("a"), Some(true));
        assert_eq!(parse("a=nein").flag("a"), Some(false));
        assert_eq!(parse("a=").flag("a"), None);
    }
}
