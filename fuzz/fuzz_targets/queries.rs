//! Harbor's list language: whatever is sent is a query or an error, and every
//! value of a query is bound, never spliced into the statement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_database::query::ListQuery;

fuzz_target!(|input: (&str, &str, &str, &str)| {
    let (q, sort, page, page_size) = input;
    if let Ok(query) = ListQuery::parse(Some(q), Some(sort), Some(page), Some(page_size)) {
        assert!(query.page_size <= 100);
        assert!(query.filters().all(|(key, _)| !key.is_empty()));
        assert!(query.sort().iter().all(|key| !key.key.is_empty()));
    }
});
