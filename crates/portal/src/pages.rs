//! What each page shows.

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use seawall_http::Origin;

use crate::Portal;
use crate::documents::{DOCUMENTS, Document};

const DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

#[derive(Template)]
#[template(path = "front.html")]
struct Front<'a> {
    url: &'a str,
    host: &'a str,
    version: &'static str,
    documents: &'static [Document],
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {}

/// `GET /`
pub(crate) async fn front(
    State(portal): State<Portal>,
    origin: Option<Extension<Origin>>,
) -> Response {
    let url = portal
        .external_url
        .or_else(|| origin.and_then(|origin| origin.url()))
        .unwrap_or_else(|| "http://localhost".to_owned());
    let url = url.trim_end_matches('/');
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let page = Front {
        url,
        host,
        version: env!("CARGO_PKG_VERSION"),
        documents: DOCUMENTS,
    };
    render(StatusCode::OK, &page)
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
pub(crate) async fn icon() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("image/svg+xml"),
        ),
        (header::CACHE_CONTROL, DAY),
    ];
    (headers, include_str!("../assets/seawall.svg")).into_response()
}

/// `GET /assets/seawall.css`
pub(crate) async fn style() -> Response {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, css),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, include_str!("../assets/seawall.css")).into_response()
}

/// `GET /docs/{document}`
pub(crate) async fn document(Path(name): Path<String>) -> Response {
    match DOCUMENTS.iter().find(|document| document.name == name) {
        Some(document) => {
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            ([(header::CONTENT_TYPE, plain)], document.text).into_response()
        }
        None => missing().await,
    }
}

/// Every other path.
pub(crate) async fn missing() -> Response {
    render(StatusCode::NOT_FOUND, &Missing {})
}

fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "rendering a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
