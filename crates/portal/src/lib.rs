//! Pages for people: for now the front page, its style, and the documents that it links to.
//!
//! Pages work without script and load nothing from elsewhere. `pages.rs` renders, `documents.rs` lists the documents,
//! `assets/` and `templates/` hold what is sent.

mod documents;
mod pages;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, header};

/// What the pages say.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// `external_url` of the settings; else the address of the request is shown.
    pub external_url: Option<String>,
}

/// The routes of the pages. As the last router it also answers every path that nobody knows.
pub fn router(portal: Portal) -> Router {
    Router::new()
        .route("/", get(pages::front))
        .route("/favicon.ico", get(pages::icon))
        .route("/assets/seawall.css", get(pages::style))
        .route("/docs/{document}", get(pages::document))
        .fallback(pages::missing)
        .layer(middleware::from_fn(harden))
        .with_state(portal)
}

/// Browsers are told to load nothing but our own style and picture, and to show the page in no frame.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
