//! Pages for people: for now the front page only.

use axum::Router;

/// What the front page says.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// `external_url` of the settings; else the request's own address is shown.
    pub external_url: Option<String>,
}

/// The routes `/` and `/favicon.ico`.
pub fn router(_portal: Portal) -> Router {
    Router::new()
}
