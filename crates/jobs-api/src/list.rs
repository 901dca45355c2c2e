//! `GET /api/v1/jobs`: pages of jobs; and the query that lists have in common.

use axum::http::StatusCode;
use percent_encoding::percent_decode_str;
use seawall_jobs::store::JobFilter;
use seawall_jobs::{Kind, Status};
use serde_json::Value;

use crate::JobsApi;
use crate::error::{Code, Failure};
use crate::router::{Answer, json, with_header, wrapped};

/// Harbor's page size where none is asked for.
const PAGE_SIZE: u32 = 25;
/// The largest page.
const MOST: u32 = 1000;
/// The page size of delayed jobs, whatever is asked for, as in Harbor.
const SCHEDULED_PAGE_SIZE: u32 = 20;

/// What a list is asked for. What is not understood is not heard, as in Harbor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) page: u32,
    pub(crate) size: u32,
    pub(crate) kind: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) unfinished_only: bool,
}

impl Query {
    pub(crate) fn read(text: &str) -> Self {
        let mut query = Self {
            page: 1,
            size: PAGE_SIZE,
            kind: None,
            cursor: None,
            unfinished_only: false,
        };
        for pair in text.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match key {
                "page_number" => query.page = value.parse().unwrap_or(1).max(1),
                "page_size" => {
                    let size = value.parse().ok().filter(|size| *size > 0);
                    query.size = size.unwrap_or(PAGE_SIZE).min(MOST);
                }
                "kind" if !value.is_empty() => query.kind = Some(value.into_owned()),
                "cursor" if !value.is_empty() => query.cursor = Some(value.into_owned()),
                "non_dead_only" => {
                    query.unfinished_only =
                        matches!(&*value, "true" | "1" | "t" | "T" | "TRUE" | "True");
                }
                _ => {}
            }
        }
        query
    }

    pub(crate) fn offset(&self, size: u32) -> u64 {
        u64::from(self.page - 1) * u64::from(size)
    }
}

const UNFINISHED: [Status; 3] = [Status::Pending, Status::Scheduled, Status::Running];

pub(crate) async fn list(api: &JobsApi, query: &str) -> Answer {
    let query = Query::read(query);
    let kind = match query.kind.as_deref() {
        None => None,
        Some("Generic") => Some(Kind::Generic),
        Some("Scheduled") => Some(Kind::Scheduled),
        Some("Periodic") => Some(Kind::Periodic),
        Some(_) => {
            return Ok(with_header(
                json(StatusCode::OK, &Value::Array(Vec::new())),
                "next-cursor",
                "0",
            ));
        }
    };
    let waiting = kind == Some(Kind::Scheduled);
    let filter = if waiting {
        JobFilter {
            kind,
            statuses: vec![Status::Scheduled],
            offset: query.offset(SCHEDULED_PAGE_SIZE),
            limit: SCHEDULED_PAGE_SIZE,
            count: true,
            ..JobFilter::default()
        }
    } else {
        JobFilter {
            kind,
            statuses: if query.unfinished_only {
                UNFINISHED.to_vec()
            } else {
                Vec::new()
            },
            // The first page has the cursor 0, and so have those who do not know of cursors.
            cursor: query.cursor.clone().filter(|cursor| cursor != "0"),
            limit: query.size,
            ..JobFilter::default()
        }
    };
    let page = api
        .store
        .list(filter)
        .await
        .map_err(|error| Failure::store(Code::List, &error))?;
    let jobs = Value::Array(page.jobs.iter().map(wrapped).collect());
    let response = json(StatusCode::OK, &jobs);
    Ok(if waiting {
        with_header(
            response,
            "total-count",
            &page.total.unwrap_or_default().to_string(),
        )
    } else {
        with_header(response, "next-cursor", page.next.as_deref().unwrap_or("0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_is_not_understood_is_the_first_page() {
        let first = Query::read("");
        for text in [
            "page_number=0&page_size=0",
            "page_number=x&page_size=-1",
            "page_number&page_size",
            "a=b&&=",
        ] {
            assert_eq!(Query::read(text), first, "{text}");
        }
        assert_eq!(
            Query::read("page_number=4294967295").offset(1000),
            4_294_967_294_000
        );
    }

    #[test]
    fn what_is_asked_for_is_heard() {
        let query =
            Query::read("page_number=3&page_size=100&kind=Periodic&cursor=17&non_dead_only=true");
        assert_eq!((query.page, query.size, query.offset(100)), (3, 100, 200));
        assert_eq!(query.kind.as_deref(), Some("Periodic"));
        assert_eq!(query.cursor.as_deref(), Some("17"));
        assert!(query.unfinished_only);
        assert_eq!(Query::read("page_size=5000000").size, MOST);
    }
}
