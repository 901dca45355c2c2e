//! Drives one connection: hands its bytes to hyper, ends it when it waits too long, drains it when the server stops.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::activity::{Activity, Phase};
use crate::send_queue::SendQueue;
use crate::server::{ServerSettings, Shutdown};
use crate::service::{ConnectionService, Shared};
use crate::stream::{NotedStream, PlainStream};
use crate::tls::Tls;

/// What hyper reads into while a body arrives, at most: it starts at 8 KiB and grows only while reads fill it. Each buffer is
/// a new allocation, so it must stay below the size (512 KiB) from which the allocator asks the kernel for fresh pages: that
/// cost a third of a push's processor time (docs/decisions/0009-large-pushes.md).
const PLAIN_BUFFER_BYTES: usize = 256 << 10;

/// Under TLS a read brings one record (16 KiB), and this also bounds the frames that wait to be encrypted.
const TLS_BUFFER_BYTES: usize = 128 << 10;

/// How long a client may go on sending what nobody reads, after its answer.
const LINGER: Duration = Duration::from_secs(5);

/// Serves a plain connection to its end.
pub(crate) async fn serve_plain(tcp: TcpStream, peer: IpAddr, shared: Arc<Shared>, stop: Shutdown) {
    let activity = Arc::new(Activity::new(true));
    let sends = Arc::new(SendQueue::default());
    let io = PlainStream::new(
        tcp,
        Arc::clone(&sends),
        Arc::clone(&activity),
        shared.metrics.clone(),
    );
    let service = ConnectionService {
        shared,
        peer,
        tls: false,
        sends: Some(sends),
        activity,
    };
    serve_http1(io, service, PLAIN_BUFFER_BYTES, stop).await;
}

/// Serves a TLS connection to its end.
pub(crate) async fn serve_tls(
    tcp: TcpStream,
    peer: IpAddr,
    shared: Arc<Shared>,
    stop: Shutdown,
    tls: Arc<Tls>,
) {
    let activity = Arc::new(Activity::new(true));
    let noted = NotedStream::new(tcp, Arc::clone(&activity), shared.metrics.clone());
    let handshake =
        tokio::time::timeout(shared.settings.header_timeout, tls.acceptor().accept(noted));
    let io = match handshake.await {
        Ok(Ok(io)) => io,
        Ok(Err(error)) => return tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => return tracing::debug!(%peer, "TLS handshake took too long"),
    };
    let is_http2 = io.get_ref().1.alpn_protocol() == Some(b"h2");
    let activity = if is_http2 {
        Arc::new(Activity::new(false))
    } else {
        activity
    };
    let service = ConnectionService {
        shared,
        peer,
        tls: true,
        sends: None,
        activity,
    };
    if is_http2 {
        serve_http2(io, service, stop).await;
    } else {
        serve_http1(io, service, TLS_BUFFER_BYTES, stop).await;
    }
}

async fn serve_http1<I>(io: I, service: ConnectionService, buffer_bytes: usize, stop: Shutdown)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::clone(&service.shared);
    let activity = Arc::clone(&service.activity);
    let mut connection = http1::Builder::new()
        // File frames must reach the stream's vectored write as they are (`send_queue.rs`).
        .writev(true)
        .max_buf_size(buffer_bytes)
        .max_header_size(shared.settings.max_header_bytes)
        // One timer for a connection, in `overstayed`, instead of one for each request.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(io), service);
    let mut draining = false;
    loop {
        let pause = check_after(&shared.settings);
        tokio::select! {
            biased;
            outcome = &mut connection => {
                let may_still_send = activity.is_body_left() || outcome.is_err();
                note_end(outcome);
                if may_still_send {
                    Box::pin(linger(connection.into_parts().io.into_inner())).await;
                }
                return;
            }
            () = stop.stopped(), if !draining => {
                if activity.phase().0 == Phase::Idle {
                    return;
                }
                draining = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            () = tokio::time::sleep(pause) => match overstayed(&activity, &shared.settings) {
                None => {}
                Some(Phase::Head) => {
                    let mut io = connection.into_parts().io.into_inner();
                    let answer = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
                    // The client may be gone; the connection ends either way.
                    let _ = tokio::time::timeout(Duration::from_secs(1), io.write_all(answer)).await;
                    return;
                }
                Some(phase) => return tracing::debug!(?phase, "connection closed: it waited too long"),
            },
        }
    }
}

/// Closes without cutting off the answer: a socket closed over unread bytes is reset, and the reset overtakes what was sent.
async fn linger<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    let polite = async {
        io.shutdown().await?;
        let mut rest = vec![0; 16 << 10];
        while io.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whatever goes wrong, the connection is dropped now.
    let _ = tokio::time::timeout(LINGER, polite).await;
}

async fn serve_http2<I>(io: I, service: ConnectionService, stop: Shutdown)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::clone(&service.shared);
    let activity = Arc::clone(&service.activity);
    let header_bytes = u32::try_from(shared.settings.max_header_bytes).unwrap_or(u32::MAX);
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(header_bytes)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .max_send_buf_size(TLS_BUFFER_BYTES)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(io), service);
    let mut draining = false;
    loop {
        let pause = check_after(&shared.settings);
        tokio::select! {
            biased;
            outcome = &mut connection => return note_end(outcome),
            () = stop.stopped(), if !draining => {
                draining = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            () = tokio::time::sleep(pause) => {
                if let Some(phase) = overstayed(&activity, &shared.settings) {
                    return tracing::debug!(?phase, "connection closed: it waited too long");
                }
            }
        }
    }
}

/// How long until the next look at the clock: often enough that no limit is passed by more than a half.
fn check_after(settings: &ServerSettings) -> Duration {
    let shortest = settings
        .header_timeout
        .min(settings.idle_timeout)
        .min(settings.stall_timeout);
    (shortest / 2).max(Duration::from_millis(10))
}

/// The phase that lasts longer than it may.
fn overstayed(activity: &Activity, settings: &ServerSettings) -> Option<Phase> {
    let (phase, lasted) = activity.phase();
    let limit = match phase {
        Phase::Idle => settings.idle_timeout,
        Phase::Head => settings.header_timeout,
        Phase::Active {
            write_blocked: true,
        } => settings.stall_timeout,
        Phase::Active {
            write_blocked: false,
        } => return None,
    };
    (lasted >= limit).then_some(phase)
}

fn note_end(outcome: hyper::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(error = %seawall_telemetry::chain(&error), "connection ended early");
    }
}
