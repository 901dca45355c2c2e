//! One request, top to bottom: who asks, its id, its span, the router, the response's headers, the report at its end.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tower::Service as _;
use tracing::Instrument;

use crate::activity::Activity;
use crate::metrics::{HttpMetrics, surface};
use crate::proxies;
use crate::request::{ClientAddress, RequestId};
use crate::request_body::RequestBody;
use crate::response_body::{AccessLine, Report, ResponseBody};
use crate::send_queue::SendQueue;
use crate::server::ServerSettings;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) settings: ServerSettings,
    pub(crate) metrics: HttpMetrics,
}

/// Answers the requests of one connection.
#[derive(Clone)]
pub(crate) struct ConnectionService {
    pub(crate) shared: Arc<Shared>,
    pub(crate) peer: IpAddr,
    pub(crate) tls: bool,
    /// Set where `sendfile` works: plain HTTP/1.1.
    pub(crate) sends: Option<Arc<SendQueue>>,
    pub(crate) activity: Arc<Activity>,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let Shared {
            router,
            settings,
            metrics,
        } = &*self.shared;
        let client =
            proxies::client_address(self.peer, request.headers(), &settings.trusted_proxies);
        let origin = proxies::origin(
            self.peer,
            self.tls,
            request.uri(),
            request.headers(),
            &settings.trusted_proxies,
        );
        let id = request_id(request.headers());
        let surface = surface(request.uri().path());
        let span = seawall_telemetry::request_span(
            request.method(),
            surface,
            request.uri().path(),
            &id,
            request.headers(),
        );
        self.activity.request_began();
        metrics.request_began();
        let mut report = Report {
            activity: Arc::clone(&self.activity),
            metrics: metrics.clone(),
            surface,
            method: request.method().clone(),
            began: Instant::now(),
            span: span.clone(),
            access_log: settings.access_log.then(|| AccessLine {
                path: request.uri().path().to_owned(),
                client,
                request_id: id.clone(),
                user_agent: user_agent(request.headers()),
            }),
            status: StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            sent: 0,
            complete: false,
        };

        let id_value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("invalid"));
        let activity = Arc::clone(&self.activity);
        let (min_rate, window) = (settings.min_body_rate, settings.min_body_window);
        let mut request = request.map(|body| {
            if http_body::Body::is_end_stream(&body) {
                Body::empty()
            } else {
                Body::new(RequestBody::new(body, activity, min_rate, window))
            }
        });
        let extensions = request.extensions_mut();
        extensions.insert(ClientAddress(client));
        extensions.insert(RequestId(id));
        extensions.insert(origin);
        if let Some(sends) = &self.sends {
            extensions.insert(Arc::clone(sends));
        }

        let mut router = router.clone();
        // The router is made per request: a panic in it leaves nothing half-done that is used again.
        let answer = AssertUnwindSafe(async move { router.call(request).await }.instrument(span))
            .catch_unwind();
        Box::pin(async move {
            let mut response = match answer.await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panic) => {
                    tracing::error!(parent: &report.span, panic = panic_text(&*panic), "request handler panicked");
                    internal_error()
                }
            };
            response.headers_mut().entry(REQUEST_ID).or_insert(id_value);
            report.status = response.status();
            Ok(response.map(|body| ResponseBody::new(body, report)))
        })
    }
}

/// The client's id if it is sane, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map_or_else(new_request_id, str::to_owned)
}

/// A fresh UUID. No secret depends on it, so that it need not cost a system call for each request.
fn new_request_id() -> String {
    let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    id.to_string()
}

fn user_agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.chars().take(256).collect()
}

/// The error body that the registry's and Harbor's clients both understand.
fn internal_error() -> Response<Body> {
    let body = r#"{"errors":[{"code":"UNKNOWN","message":"internal server error"}]}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("?")
}
