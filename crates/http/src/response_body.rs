//! A response's body, watched to its end: then the request is counted, logged and its span closed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use tracing::Span;

use crate::activity::Activity;
use crate::metrics::HttpMetrics;

/// What is known of a request once its response begins; [`Drop`] reports it.
pub(crate) struct Report {
    pub(crate) activity: Arc<Activity>,
    pub(crate) metrics: HttpMetrics,
    pub(crate) surface: &'static str,
    pub(crate) method: Method,
    pub(crate) began: Instant,
    pub(crate) span: Span,
    pub(crate) access_log: Option<AccessLine>,
    /// 499 until the response's head is ready: the client left before.
    pub(crate) status: StatusCode,
    pub(crate) sent: u64,
    pub(crate) complete: bool,
}

/// What only the access log wants to know.
pub(crate) struct AccessLine {
    pub(crate) path: String,
    pub(crate) client: std::net::IpAddr,
    pub(crate) request_id: String,
    pub(crate) user_agent: String,
}

impl Drop for Report {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.activity.request_ended();
        self.metrics
            .request_ended(self.surface, &self.method, self.status, took);
        seawall_telemetry::record_response(&self.span, self.status.as_u16());
        if let Some(line) = &self.access_log {
            tracing::info!(
                target: "access",
                parent: None,
                method = self.method.as_str(),
                path = line.path,
                status = self.status.as_u16(),
                bytes = self.sent,
                duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                client = %line.client,
                request_id = line.request_id,
                user_agent = line.user_agent,
                aborted = !self.complete,
            );
        }
    }
}

/// The body on its way to hyper. Frames pass untouched: file frames must keep their address.
pub(crate) struct ResponseBody {
    inner: Body,
    report: Report,
}

impl ResponseBody {
    pub(crate) fn new(inner: Body, mut report: Report) -> Self {
        report.complete = inner.is_end_stream() || report.method == Method::HEAD;
        ResponseBody { inner, report }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let span = &this.report.span;
        let polled = span.in_scope(|| Pin::new(&mut this.inner).poll_frame(cx));
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                this.report.sent += frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
                this.report.complete = this.inner.is_end_stream();
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(parent: span, error = %error, "response body failed; closing the connection");
            }
            Poll::Ready(None) => this.report.complete = true,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
