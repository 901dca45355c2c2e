//! `GET /service/token`: registry tokens for Docker and its kin.
//!
//! The requested actions are only a wish: a token carries what its holder may do in each repository that was
//! named, and a scope that is not understood costs nothing (Harbor `src/core/service/token`).

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use seawall_identity::{IssuedToken, Realm, TokenScope};
use serde::Serialize;

use crate::RegistryApi;
use crate::caller::identify;
use crate::challenge::{BASIC, SERVICE};
use crate::error::{ApiError, ErrorCode};
use crate::json::json;
use crate::query;
use crate::scope::Scope;

#[derive(Serialize)]
struct TokenAnswer<'a> {
    token: &'a str,
    access_token: &'a str,
    expires_in: u64,
    issued_at: String,
}

/// The answer to a request for a token.
pub(crate) async fn issue(api: &RegistryApi, parts: &Parts) -> Response {
    match issued(api, parts).await {
        Ok(token) => {
            let text = token.token.reveal();
            let mut response = json(&TokenAnswer {
                token: text,
                access_token: text,
                expires_in: token.expires_in,
                issued_at: token.issued_at.to_rfc3339_millis(),
            });
            let no_store = http::HeaderValue::from_static("no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn issued(api: &RegistryApi, parts: &Parts) -> Result<IssuedToken, ApiError> {
    let query = parts.uri.query();
    if query::first(query, "service").as_deref() != Some(SERVICE) {
        let message = format!("parameter service must be {SERVICE}");
        return Err(ApiError::bad_request(ErrorCode::Unsupported, message));
    }
    let caller = identify(&api.identity, Realm::Api, parts).await?;
    let scopes = Scope::parse_all(query::all(query, "scope"));
    if scopes.is_empty() && !caller.actor.is_authenticated() {
        return Err(ApiError::unauthorized("unauthorized", BASIC.to_owned()));
    }
    let mut wanted = Vec::with_capacity(scopes.len());
    for scope in scopes {
        if scope.is_catalog() {
            wanted.push(TokenScope::Catalog);
        } else if scope.kind == "repository" {
            wanted.push(resolve(api, scope).await?);
        }
    }
    Ok(api.identity.issue_registry_token(&caller, &wanted).await?)
}

/// Finds the scope's project. A name without one, out of grammar, or of a project that is not there is granted
/// nothing.
async fn resolve(api: &RegistryApi, scope: Scope) -> Result<TokenScope, ApiError> {
    let repository = scope.repository();
    let project = match repository.as_ref().and_then(|name| name.project()) {
        Some(name) => api.registry.project_by_name(name).await?,
        None => None,
    };
    Ok(TokenScope::Repository {
        name: scope.name,
        project,
    })
}

/// Any other method: there is no `OAuth2` flow, and clients fall back to `GET`.
pub(crate) fn method_not_allowed() -> Response {
    let mut response = ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Unsupported,
        "tokens are asked for with GET",
    )
    .into_response();
    let allow = http::HeaderValue::from_static("GET");
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}
