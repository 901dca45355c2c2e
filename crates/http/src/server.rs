//! The listener and its accept loop.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Gate;
use crate::connection::{serve_plain, serve_tls};
use crate::metrics::HttpMetrics;
use crate::service::Shared;
use crate::tls::{Tls, TlsFiles};

/// Connections the kernel holds for us between two rounds of the accept loop.
const BACKLOG: u32 = 4096;

/// Bytes that a connection hands to the kernel before the client's window has room for them.
///
/// With the kernel's own limit (megabytes) a pull over loopback cost 0.18–0.23 s of the processor per GiB, with this one
/// 0.14, and 1.4 times as much arrived in a second: what is queued stays in the cache. What is on its way to a far client is
/// not counted, so that it does not slow long lines. The least of ten alternating runs of a bare sendfile loop,
/// Linux 6.18, for 64, 128, 256 and 512 KiB; from 1 MiB on as without.
const UNSENT_BYTES: u32 = 256 << 10;

/// What the server is told.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Certificate chain and key (PEM).
    pub tls: Option<(PathBuf, PathBuf)>,
    /// With TLS: certificates (PEM) of which one must have signed the client's; without it, no client is asked for one.
    pub client_ca: Option<PathBuf>,
    /// Networks whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections of one address; trusted proxies are exempt.
    pub max_connections_per_address: usize,
    /// Bytes of a request's head; more is answered 431, as are more than 100 header lines.
    pub max_header_bytes: usize,
    /// For a request's head, from its first byte to its last.
    pub header_timeout: Duration,
    /// Between two requests on one connection.
    pub idle_timeout: Duration,
    /// Without any progress on a response that the client does not read.
    pub stall_timeout: Duration,
    /// Bytes per second that a request's body must bring; 0 for no limit.
    pub min_body_rate: u64,
    /// The time over which that rate is measured.
    pub min_body_window: Duration,
    /// How long running requests may take after the order to stop.
    pub drain_timeout: Duration,
    /// One log line for each request.
    pub access_log: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        ServerSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            client_ca: None,
            trusted_proxies: Vec::new(),
            max_connections: 16384,
            max_connections_per_address: 2048,
            max_header_bytes: 64 << 10,
            header_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(2),
            stall_timeout: Duration::from_mins(2),
            min_body_rate: 1024,
            min_body_window: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            access_log: true,
        }
    }
}

/// Tells a server to stop; clones tell the same server.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Gives the order.
    pub fn stop(&self) {
        self.0.cancel();
    }

    /// Waits for the order.
    pub async fn stopped(&self) {
        self.0.cancelled().await;
    }
}

/// A bound listener.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    settings: ServerSettings,
    metrics: HttpMetrics,
}

impl Server {
    /// Binds the address and loads the certificate.
    ///
    /// # Errors
    /// When the address is taken or not ours, or the certificate does not load; the text names it.
    pub async fn bind(settings: ServerSettings, metrics: HttpMetrics) -> io::Result<Server> {
        let tls = match &settings.tls {
            Some((certificate, key)) => {
                let files = TlsFiles {
                    certificate: certificate.clone(),
                    key: key.clone(),
                    client_ca: settings.client_ca.clone(),
                };
                Some(Arc::new(Tls::load(files)?))
            }
            None => None,
        };
        let listener = listen(settings.listen).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("listening on {}: {error}", settings.listen),
            )
        })?;
        let address = listener.local_addr()?;
        Ok(Server {
            listener,
            address,
            tls,
            settings,
            metrics,
        })
    }

    /// The address that was bound.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to stop, then drains: no new connections, idle ones closed, running requests finished or, after
    /// the drain time-out, cut.
    pub async fn serve(self, router: Router, shutdown: Shutdown) {
        let Server {
            listener,
            tls,
            settings,
            metrics,
            ..
        } = self;
        let exempt = settings.trusted_proxies.clone();
        let gate = Gate::new(
            settings.max_connections,
            settings.max_connections_per_address,
            exempt,
        );
        let drain_timeout = settings.drain_timeout;
        let shared = Arc::new(Shared {
            router,
            settings,
            metrics,
        });
        let refusals = Arc::new(Semaphore::new(64));
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let reloading = tls.clone().map(|tls| {
            let cut = cut.clone();
            tokio::spawn(async move { cut.run_until_cancelled(tls.reload_on_change()).await })
        });
        loop {
            let (tcp, peer) = tokio::select! {
                biased;
                () = shutdown.stopped() => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        pause_after(&error).await;
                        continue;
                    }
                },
            };
            let peer = peer.ip().to_canonical();
            let Some(admission) = gate.admit(peer) else {
                shared.metrics.connection_refused();
                if let Ok(place) = Arc::clone(&refusals).try_acquire_owned() {
                    let plain = tls.is_none();
                    tokio::spawn(async move {
                        refuse(tcp, plain).await;
                        drop(place);
                    });
                }
                continue;
            };
            // Without it small answers wait for acknowledgements; a socket that refuses is gone already.
            let _ = tcp.set_nodelay(true);
            let _ = socket2::SockRef::from(&tcp).set_tcp_notsent_lowat(UNSENT_BYTES);
            let (shared, stop, cut, tls) = (
                Arc::clone(&shared),
                shutdown.clone(),
                cut.clone(),
                tls.clone(),
            );
            tasks.spawn(async move {
                let metrics = shared.metrics.clone();
                metrics.connection_opened();
                // Boxed by protocol: a plain connection does not carry the room that TLS needs.
                match tls {
                    None => {
                        cut.run_until_cancelled(Box::pin(serve_plain(tcp, peer, shared, stop)))
                            .await
                    }
                    Some(tls) => {
                        cut.run_until_cancelled(Box::pin(serve_tls(tcp, peer, shared, stop, tls)))
                            .await
                    }
                };
                metrics.connection_closed();
                drop(admission);
            });
        }
        drop(listener);
        tasks.close();
        if tokio::time::timeout(drain_timeout, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = tasks.len(),
                "drain time is over; cutting what still runs"
            );
        }
        cut.cancel();
        tasks.wait().await;
        if let Some(reloading) = reloading {
            reloading.abort();
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// After an error of `accept`: those of one connection pass, those of the process (no file descriptors) need a moment.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Tells a plain client that there is no room, and closes without cutting the answer off.
async fn refuse(mut tcp: TcpStream, plain: bool) {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let polite = async {
        if plain {
            tcp.write_all(answer).await?;
        }
        tcp.shutdown().await?;
        let mut rest = [0; 1024];
        while tcp.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    // Whatever goes wrong, the connection is dropped now.
    let _ = tokio::time::timeout(Duration::from_secs(1), polite).await;
}
