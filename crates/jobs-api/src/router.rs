//! One request, top to bottom: who asks, what for, the answer, within a time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::error::{Code, Failure};
use crate::operation::{Operation, STATS, Unknown};
use crate::{JobsApi, executions, job, list, status, submit};

/// For a request from its head to its answer, as in Harbor.
const DEADLINE: Duration = Duration::from_secs(15);

/// The largest body that is read: parameters of a mebibyte, escaped at worst.
const MAX_BODY_BYTES: usize = 4 << 20;

pub(crate) type Answer = Result<Response<Body>, Failure>;

/// Every route of the job service.
pub fn router(api: JobsApi) -> Router {
    let api = Arc::new(api);
    Router::new().fallback(move |request: Request| {
        let api = Arc::clone(&api);
        async move { serve(&api, request).await }
    })
}

async fn serve(api: &JobsApi, request: Request) -> Response<Body> {
    // The query counts: only the bare path is open.
    if request.uri() != STATS
        && let Err(reason) = api.secret.refuse(request.headers())
    {
        return Failure::new(Code::Unauthorized, reason).into_response();
    }
    let operation = match Operation::of(request.method(), request.uri().path()) {
        Ok(operation) => operation,
        Err(Unknown::Path) => return not_found(),
        Err(Unknown::Method) => return empty(StatusCode::METHOD_NOT_ALLOWED),
    };
    let code = code_of(&operation);
    let answer = tokio::time::timeout(DEADLINE, answer(api, operation, request)).await;
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => failure.into_response(),
        Err(_) => Failure::new(code, "there was no answer in time; try again").into_response(),
    }
}

async fn answer(api: &JobsApi, operation: Operation, request: Request) -> Answer {
    let query = request.uri().query().unwrap_or_default().to_owned();
    match operation {
        Operation::Submit => submit::submit(api, &body(request).await?).await,
        Operation::List => list::list(api, &query).await,
        Operation::Get(id) => job::get(api, &id).await,
        Operation::Act(id) => job::act(api, &id, &body(request).await?).await,
        Operation::Log(id) => job::log(api, &id).await,
        Operation::Executions(id) => executions::executions(api, &id, &query).await,
        Operation::Stats => status::stats(api).await,
        Operation::Config => Ok(status::config(api)),
    }
}

/// What it is called when an operation fails for no fault of the caller.
const fn code_of(operation: &Operation) -> Code {
    match operation {
        Operation::Submit => Code::Launch,
        Operation::List => Code::List,
        Operation::Get(_) => Code::GetJob,
        Operation::Act(_) => Code::Stop,
        Operation::Log(_) => Code::Log,
        Operation::Executions(_) => Code::Executions,
        Operation::Stats | Operation::Config => Code::Stats,
    }
}

async fn body(request: Request) -> Result<Vec<u8>, Failure> {
    match to_bytes(request.into_body(), MAX_BODY_BYTES).await {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(_) => Err(Failure::new(
            Code::ReadBody,
            format!("the body is cut off, or longer than {MAX_BODY_BYTES} bytes"),
        )),
    }
}

/// A success in JSON, with the header that Harbor sends by mistake and its clients are used to.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, json.clone());
    response.headers_mut().insert(header::ACCEPT, json);
    response
}

/// A header with a number.
pub(crate) fn with_header(
    mut response: Response<Body>,
    name: &'static str,
    value: &str,
) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    response
}

pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Go's answer to a path that it does not know.
fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::from("404 page not found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// `{"job": …}`, as jobs appear in answers.
pub(crate) fn wrapped(job: &seawall_jobs::Job) -> Value {
    json!({ "job": job.stats() })
}
