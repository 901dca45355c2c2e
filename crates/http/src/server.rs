//! The listener and its accept loop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;

/// What the server is told.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Certificate chain and key (PEM); both or none.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Networks whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections of one address; trusted proxies are exempt.
    pub max_connections_per_address: usize,
    /// Bytes of a request's head.
    pub max_header_bytes: usize,
    /// Header lines of a request.
    pub max_headers: usize,
    /// From the first byte of a request's head to its last.
    pub header_timeout: Duration,
    /// Between two requests on one connection.
    pub idle_timeout: Duration,
    /// Without any progress on a response that the client does not read.
    pub stall_timeout: Duration,
    /// Bytes per second that a request's body must bring, measured over windows of 30 s; 0 for no limit.
    pub min_body_rate: u64,
    /// How long running requests may take after the order to stop.
    pub drain_timeout: Duration,
    /// One log line for each request.
    pub access_log: bool,
}

/// Tells a server to stop; clones tell the same server.
#[derive(Debug, Clone, Default)]
pub struct Shutdown;

/// A bound listener.
#[derive(Debug)]
pub struct Server {}

impl Server {
    /// Binds the address and loads the certificate.
    pub async fn bind(_settings: ServerSettings) -> std::io::Result<Server> {
        todo!()
    }

    /// The address that was bound.
    pub fn local_address(&self) -> SocketAddr {
        todo!()
    }

    /// Serves until told to stop, then drains.
    pub async fn serve(self, _router: Router, _shutdown: Shutdown) -> std::io::Result<()> {
        todo!()
    }
}
