//! The way in: a request becomes an operation, is authorised, and goes to its handler. Top to bottom.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;
use seawall_identity::{Caller, Realm};

use crate::RegistryApi;
use crate::authorise::authorise;
use crate::call::Call;
use crate::caller::identify;
use crate::error::ApiError;
use crate::headers::{API_VERSION, API_VERSION_VALUE};
use crate::operation::Operation;
use crate::{base, blobs, catalog, manifests, referrers, refusal, tags, token, uploads};

/// The routes of this surface: everything under `/v2`, and the token service.
pub fn router(api: RegistryApi) -> axum::Router {
    axum::Router::new()
        .route("/v2", any(distribution))
        .route("/v2/", any(distribution))
        .route("/v2/{*rest}", any(distribution))
        .route("/service/token", any(service_token))
        .with_state(Arc::new(api))
}

async fn service_token(State(api): State<Arc<RegistryApi>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if parts.method == Method::GET {
        token::issue(&api, &parts).await
    } else {
        token::method_not_allowed()
    }
}

async fn distribution(State(api): State<Arc<RegistryApi>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match answer(&api, &parts, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    response
        .headers_mut()
        .insert(API_VERSION, API_VERSION_VALUE);
    response
}

async fn answer(api: &RegistryApi, parts: &Parts, body: Body) -> Result<Response, ApiError> {
    let operation = Operation::parse(&parts.method, parts.uri.path())?;
    let caller = identify(&api.identity, Realm::Registry, parts).await?;
    let answered = authorised(api, parts, &operation, &caller, body).await;
    if let Err(error) = &answered {
        let named = parts.headers.contains_key(AUTHORIZATION);
        Box::pin(refusal::record(api, &operation, &caller, named, error)).await;
    }
    answered
}

async fn authorised(
    api: &RegistryApi,
    parts: &Parts,
    operation: &Operation,
    caller: &Caller,
    body: Body,
) -> Result<Response, ApiError> {
    let permit = authorise(api, parts, operation, caller).await?;
    if operation.endpoint().changes() && api.settings.is_read_only() {
        return Err(ApiError::denied(
            "The system is in read only mode. Any modification is prohibited.",
        ));
    }
    let call = Call {
        api,
        parts,
        caller,
        permit,
    };
    handle(&call, operation, body).await
}

/// From the operation to its handler. What is not a pull waits in a box of its own, so that pulls,
/// which most requests are, stay small.
async fn handle(call: &Call<'_>, operation: &Operation, body: Body) -> Result<Response, ApiError> {
    match operation {
        Operation::CheckVersion => Ok(base::check_version()),
        Operation::ListCatalog => Box::pin(catalog::list(call)).await,
        Operation::ListTags { repository } => Box::pin(tags::list(call, repository)).await,
        Operation::GetManifest {
            repository,
            reference,
            head,
        } => manifests::get(call, repository, reference, *head).await,
        Operation::PutManifest {
            repository,
            reference,
        } => Box::pin(manifests::put(call, repository, reference, body)).await,
        Operation::DeleteManifest {
            repository,
            reference,
        } => Box::pin(manifests::delete(call, repository, reference)).await,
        Operation::GetBlob {
            repository,
            digest,
            head: true,
        } => blobs::head(call, repository, digest).await,
        Operation::GetBlob {
            repository,
            digest,
            head: false,
        } => blobs::get(call, repository, digest).await,
        Operation::DeleteBlob { repository, digest } => {
            Box::pin(blobs::delete(call, repository, digest)).await
        }
        Operation::StartUpload { repository } => {
            Box::pin(uploads::start(call, repository, body)).await
        }
        Operation::GetUpload { repository, upload } => {
            Box::pin(uploads::status(call, repository, *upload)).await
        }
        Operation::AppendUpload { repository, upload } => {
            Box::pin(uploads::append(call, repository, *upload, body)).await
        }
        Operation::FinishUpload { repository, upload } => {
            Box::pin(uploads::finish(call, repository, *upload, body)).await
        }
        Operation::CancelUpload { repository, upload } => {
            Box::pin(uploads::cancel(call, repository, *upload)).await
        }
        Operation::ListReferrers {
            repository,
            subject,
        } => Box::pin(referrers::list(call, repository, subject)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_answer<A, B, F>(_: impl Fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_is_small() {
        // Each request holds one of these while it is answered, most of them for a pull; an upload's own
        // state waits in a box.
        let bytes = size_of_answer(distribution);
        assert!(bytes <= 16 * 1024, "{bytes} bytes");
    }
}
