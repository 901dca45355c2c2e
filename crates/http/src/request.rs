//! What the server learned about a request, left in its extensions for the surfaces. How it is learned: `proxies.rs`.

use std::net::IpAddr;

/// The address of the client: the peer of the connection, or what a trusted proxy says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The request's id: the client's `X-Request-Id` if it is sane (1–128 visible ASCII characters), else a fresh UUID.
/// It is echoed on the response and stands in log lines, traces and audit rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// How the client reached us: scheme and authority, as the request or a trusted proxy tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// `host[:port]`; `None` for an HTTP/1.0 request without `Host`.
    pub host: Option<String>,
}

impl Origin {
    /// The URL under which the client reached us, without a slash at the end: `https://registry.example.org`.
    pub fn url(&self) -> Option<String> {
        self.host
            .as_ref()
            .map(|host| format!("{}://{host}", self.scheme))
    }
}
