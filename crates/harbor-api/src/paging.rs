//! The headers of a page: `X-Total-Count` and `Link`, as Harbor writes them.
//!
//! A link is relative, with the whole query and `page` and `page_size` set; its values are not escaped again. Source: Harbor
//! `src/server/v2.0/handler/base.go`, `Links`.

use axum::http::{HeaderMap, HeaderValue};

use crate::query::{PageRequest, Query};

/// The headers of a page of a list that has `total` items.
pub fn page_headers(path: &str, query: &Query, page: PageRequest, total: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-total-count", HeaderValue::from(total));
    let links: Vec<String> = [(previous(page, total), "prev"), (next(page, total), "next")]
        .into_iter()
        .filter_map(|(to, relation)| Some(link(path, query, page, to?, relation)))
        .collect();
    // Values stand in the header as they came; what no header may hold is left out.
    if let Ok(value) = HeaderValue::from_bytes(links.join(" , ").as_bytes())
        && !links.is_empty()
    {
        headers.insert("link", value);
    }
    headers
}

fn previous(page: PageRequest, total: i64) -> Option<i64> {
    let reaches = page.page_size > 0 && (page.page - 1).saturating_mul(page.page_size) <= total;
    (page.page > 1 && reaches).then(|| page.page - 1)
}

fn next(page: PageRequest, total: i64) -> Option<i64> {
    let more = page.page_size > 0 && page.page.saturating_mul(page.page_size) < total;
    more.then(|| page.page + 1)
}

/// `</api/v2.0/projects?page=2&page_size=10>; rel="next"`
fn link(path: &str, query: &Query, page: PageRequest, to: i64, relation: &str) -> String {
    let mut parameters: Vec<(&str, String)> = query
        .iter()
        .filter(|(name, _)| !matches!(*name, "page" | "page_size"))
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    parameters.push(("page", to.to_string()));
    parameters.push(("page_size", page.page_size.to_string()));
    // Go prints a query's names in order.
    parameters.sort_by(|a, b| a.0.cmp(b.0));
    let text: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("<{path}?{}>; rel=\"{relation}\"", text.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(query: &str, total: i64) -> (String, Option<String>) {
        let query = Query::parse(query).unwrap();
        let page = query.page().unwrap();
        let headers = page_headers("/api/v2.0/projects", &query, page, total);
        let text = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
        (text("x-total-count").unwrap(), text("link"))
    }

    #[test]
    fn the_first_page_links_to_the_next() {
        let (total, link) = headers("", 25);
        assert_eq!(total, "25");
        assert_eq!(
            link.unwrap(),
            "</api/v2.0/projects?page=2&page_size=10>; rel=\"next\""
        );
    }

    #[test]
    fn a_middle_page_links_both_ways_and_keeps_the_query() {
        let (_, link) = headers("q=name%3D~a&page=2&page_size=5", 25);
        assert_eq!(
            link.unwrap(),
            "</api/v2.0/projects?page=1&page_size=5&q=name=~a>; rel=\"prev\" , \
             </api/v2.0/projects?page=3&page_size=5&q=name=~a>; rel=\"next\""
        );
    }

    #[test]
    fn the_last_page_and_an_unpaged_list_have_no_next() {
        assert_eq!(headers("page=3", 25).1.unwrap().matches("rel").count(), 1);
        assert_eq!(headers("", 10).1, None);
        assert_eq!(headers("page_size=0", 25).1, None);
        assert_eq!(headers("page_size=-1", 25).1, None);
    }

    #[test]
    fn a_value_that_no_header_may_hold_leaves_the_link_out() {
        assert_eq!(headers("q=a%0d%0aSet-Cookie:x", 25).1, None);
    }
}
