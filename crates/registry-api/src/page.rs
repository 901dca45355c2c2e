//! Pages of tags and of the catalog: `n`, `last`, and the `Link` to the next page.
//! Sources: OCI distribution-spec 1.1 § Listing Tags; Harbor `src/server/registry/{tag,catalog}.go`.

use http::HeaderValue;

use crate::error::{ApiError, ErrorCode};
use crate::query;

/// The most entries of one page. A client that asks for more, or for all, gets pages of this many and links.
pub const MAX_PAGE_ENTRIES: usize = 100_000;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many entries at most; `None` when the client did not say.
    pub size: Option<usize>,
    /// After which entry.
    pub last: Option<String>,
}

impl Page {
    /// Reads `n` and `last`.
    ///
    /// # Errors
    /// 400 when `n` is not a number from zero on.
    pub fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        let size = match query::first(text, "n") {
            None => None,
            Some(n) if n.is_empty() => None,
            Some(n) => Some(n.parse().map_err(|_| {
                ApiError::bad_request(
                    ErrorCode::Unsupported,
                    "parameter n must be a number from zero on",
                )
            })?),
        };
        let last = query::first(text, "last")
            .filter(|last| !last.is_empty())
            .map(std::borrow::Cow::into_owned);
        Ok(Self { size, last })
    }

    /// How many entries the answer holds at most.
    pub fn limit(&self) -> usize {
        self.size.unwrap_or(MAX_PAGE_ENTRIES).min(MAX_PAGE_ENTRIES)
    }

    /// The `Link` header that leads from an answer ending in `last` to the next page.
    pub fn next_link(&self, path: &str, last: &str) -> Option<HeaderValue> {
        let link = format!(
            "<{path}?last={}&n={}>; rel=\"next\"",
            query::escape(last),
            self.limit()
        );
        HeaderValue::try_from(link).ok()
    }
}

/// How many entries to ask the domain for: one more than the page holds tells whether there is another page.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).map_or(i64::MAX, |limit| limit.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_strictly() {
        let page = Page::parse(Some("n=2&last=v1")).unwrap();
        assert_eq!((page.limit(), page.last.as_deref()), (2, Some("v1")));
        let page = Page::parse(None).unwrap();
        assert_eq!(
            (page.size, page.limit(), page.last),
            (None, MAX_PAGE_ENTRIES, None)
        );
        assert_eq!(Page::parse(Some("n=0")).unwrap().limit(), 0);
        assert_eq!(
            Page::parse(Some("n=99999999")).unwrap().limit(),
            MAX_PAGE_ENTRIES
        );
        for bad in ["n=-1", "n=a", "n=1.5", "n=99999999999999999999999"] {
            assert_eq!(Page::parse(Some(bad)).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn the_link_is_relative_and_escaped() {
        let page = Page::parse(Some("n=2")).unwrap();
        assert_eq!(
            page.next_link("/v2/a/b/tags/list", "v 1").unwrap(),
            "</v2/a/b/tags/list?last=v%201&n=2>; rel=\"next\""
        );
    }
}
