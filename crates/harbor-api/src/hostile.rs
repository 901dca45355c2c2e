//! Whatever a client sends: no parser of this crate panics, and what is refused is refused with a status of the client's.

use axum::http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;

use crate::error::ApiError;
use crate::models::project::ProjectRequest;
use crate::models::robot::RobotRequest;
use crate::names::{self, ProjectName};
use crate::operations::{self, Found, Routes};
use crate::paging::page_headers;
use crate::query::{PageRequest, Query};
use crate::{body, respond};

fn is_the_clients(error: &ApiError) -> bool {
    error.status().is_client_error()
}

/// Text that looks like a path or query now and then.
fn near_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9/%&=;~\\[\\]{}+.:@-]{0,60}",
        "(/(projects|repositories|artifacts|users|%2F|%252F|current|[a-z]{1,3})){0,8}",
    ]
}

proptest! {
    #[test]
    fn a_path_finds_an_operation_or_none(path in near_text()) {
        let routes = Routes::new(operations::all());
        for method in [Method::GET, Method::PUT, Method::TRACE] {
            if let Found::Operation(operation, _) = routes.find(&method, &path) {
                prop_assert_eq!(&operation.method, &method);
            }
        }
    }

    #[test]
    fn a_query_is_read_or_refused(text in near_text(), total in any::<i64>()) {
        match Query::parse(&text) {
            Ok(query) => match query.page() {
                Ok(page) => drop(page_headers("/api/v2.0/projects", &query, page, total)),
                Err(error) => prop_assert!(is_the_clients(&error)),
            },
            Err(error) => prop_assert!(is_the_clients(&error)),
        }
    }

    #[test]
    fn any_page_of_any_list_has_headers(page in any::<i64>(), page_size in any::<i64>(), total in any::<i64>()) {
        let headers = page_headers("/x", &Query::default(), PageRequest { page, page_size }, total);
        prop_assert!(headers.contains_key("x-total-count"));
    }

    #[test]
    fn names_are_read_or_refused(text in near_text()) {
        let _ = ProjectName::parse(&text, &HeaderMap::new());
        for error in [names::repository_name("team", &text).err(), names::reference(&text).err()] {
            prop_assert!(error.is_none_or(|error| is_the_clients(&error)));
        }
        if let Ok(name) = names::repository_name("team", &text) {
            prop_assert_eq!(name.project(), Some("team"));
        }
    }

    #[test]
    fn bodies_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        for error in [
            body::parse::<ProjectRequest>("project", &headers, &bytes).err(),
            body::parse::<RobotRequest>("robot", &headers, &bytes).err(),
        ] {
            prop_assert!(error.is_none_or(|error| is_the_clients(&error)));
        }
    }

    #[test]
    fn a_location_is_written_or_refused(text in any::<String>()) {
        let _ = respond::created(&text);
    }
}
