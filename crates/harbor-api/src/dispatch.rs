//! From a request to an answer: the one way that every operation goes.
//!
//! request id → query → route → who calls → read-only mode → access → handler (or 501) → audit of what failed → headers.
//! A failed or refused attempt to change something is recorded durably before it is answered; a success is recorded by the
//! operation itself, in its own transaction.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use seawall_events::Origin;
use seawall_http::{ClientAddress, RequestId};
use seawall_identity::{Caller, Realm};
use tracing::Instrument;

use crate::call::Call;
use crate::error::ApiError;
use crate::operations::{Found, Operation};
use crate::query::Query;
use crate::{HarborApi, access, refused};

/// Where the operations are.
pub const PREFIX: &str = "/api/v2.0";

/// What the operation was called, for whoever counts responses: an extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationId(pub &'static str);

/// Answers a request below [`PREFIX`].
pub async fn dispatch(State(api): State<Arc<HarborApi>>, request: Request) -> Response {
    let origin = origin(&request);
    let request_id = origin.request_id.clone();
    let mut response = match find(&api, &request) {
        Ok((operation, parameters, query)) => {
            let span = tracing::info_span!("harbor_api", operation = operation.id, request_id = %request_id);
            let mut response = run(api, operation, parameters, query, origin, request)
                .instrument(span)
                .await;
            response.extensions_mut().insert(OperationId(operation.id));
            response
        }
        Err(error) => error.into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

type FoundOperation = (&'static Operation, crate::operations::Parameters, Query);

/// The operation that a request asks for.
fn find(api: &HarborApi, request: &Request) -> Result<FoundOperation, ApiError> {
    let uri = request.uri();
    let query = Query::parse(uri.query().unwrap_or_default())?;
    let below = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    match api.routes.find(request.method(), below) {
        Found::Operation(operation, parameters) => Ok((operation, parameters, query)),
        Found::OtherMethods(methods) => {
            let allowed: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
            Err(ApiError::method_not_allowed(
                request.method().as_str(),
                &allowed,
            ))
        }
        Found::Nothing => Err(ApiError::not_found(format!(
            "path {} was not found",
            uri.path()
        ))),
    }
}

/// Runs an operation, and records it when it was to change something and did not.
async fn run(
    api: Arc<HarborApi>,
    operation: &'static Operation,
    parameters: crate::operations::Parameters,
    query: Query,
    origin: Origin,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let attempt = refused::Attempt::new(operation, &parameters, origin.clone());
    let caller = match authenticate(&api, &head.headers, origin).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let username = caller.username().to_owned();
    let mut call = Call {
        caller,
        permit: None,
        project: None,
        path: head.uri.path().to_owned(),
        parameters,
        query,
        headers: head.headers,
        body: Mutex::new(body),
        origin: head.extensions.get().cloned(),
        api: api.clone(),
    };
    let outcome = async {
        require_writable(&api, operation)?;
        access::authorize(operation.access, &mut call).await?;
        match operation.handler {
            Some(handler) => handler(call).await,
            None => Err(ApiError::not_implemented(operation.id)),
        }
    };
    match outcome.await {
        Ok(response) => response,
        Err(error) => {
            if let Some(detail) = error.detail() {
                tracing::error!(error = detail, "an operation failed");
            }
            attempt.record(&api, username, &error).await;
            error.into_response()
        }
    }
}

/// Who calls. Wrong passwords make a caller anonymous, as in Harbor; what may be asked then depends on the operation.
async fn authenticate(
    api: &HarborApi,
    headers: &HeaderMap,
    origin: Origin,
) -> Result<Caller, ApiError> {
    let header = headers.get(axum::http::header::AUTHORIZATION);
    let header = header.and_then(|value| value.to_str().ok());
    Ok(api
        .identity
        .authenticate(header, Realm::Api, origin)
        .await?)
}

/// In read-only mode nothing can be changed.
fn require_writable(api: &HarborApi, operation: &Operation) -> Result<(), ApiError> {
    if api.settings.read_only && operation.changes() {
        return Err(ApiError::denied(
            "The system is in read only mode. Any modification is prohibited.",
        ));
    }
    Ok(())
}

/// Where a request came from: what the server found out, or the header and a fresh id where there is no such server.
fn origin(request: &Request) -> Origin {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let sane = |id: &&str| {
        !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let request_id = match request.extensions().get() {
        Some(RequestId(id)) => id.clone(),
        None => match header("x-request-id").filter(sane) {
            Some(id) => id.to_owned(),
            None => uuid::Uuid::new_v4().to_string(),
        },
    };
    Origin {
        request_id,
        client_address: request
            .extensions()
            .get()
            .map(|ClientAddress(address)| *address),
        user_agent: header("user-agent").unwrap_or_default().to_owned(),
    }
}
