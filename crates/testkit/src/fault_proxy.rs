//! A TCP proxy that misbehaves on demand, to stand before S3 or PostgreSQL.
//!
//! It forwards bytes and applies the current [`Fault`] to old and new
//! connections alike. It knows no protocol, but for [`Fault::Status`], which
//! answers HTTP requests itself. Next: `s3.rs`, `postgres.rs` for upstreams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What goes wrong with the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; bytes pass.
    None,
    /// Every piece of a request waits this long.
    Latency(Duration),
    /// The connection is reset once it has sent this many bytes upstream under this fault.
    CutRequest(u64),
    /// The connection is reset once it has received this many bytes from upstream under this fault.
    CutResponse(u64),
    /// Connections are accepted and nothing ever moves.
    Hang,
    /// Connections are accepted and reset at once.
    Reset,
    /// Nothing listens.
    Refuse,
    /// Each HTTP request is answered with this status and the connection closed.
    Status(u16),
}

/// A running proxy.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    accepted: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl FaultProxy {
    /// Starts a proxy before `upstream` on a free port, without a fault.
    pub fn start(upstream: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fault-proxy")
            .enable_all()
            .build()
            .expect("start a runtime");
        let listener = {
            // Not `block_on`: the caller may be inside a runtime of its own.
            let _inside = runtime.enter();
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("bind a port");
            listener.set_nonblocking(true).expect("set the listener up");
            TcpListener::from_std(listener).expect("set the listener up")
        };
        let address = listener.local_addr().expect("read the port");
        let (fault, faults) = watch::channel(Fault::None);
        let accepted = Arc::new(AtomicU64::new(0));
        runtime.spawn(accept(
            listener,
            address,
            upstream,
            faults,
            Arc::clone(&accepted),
        ));
        Self {
            address,
            fault,
            accepted,
            runtime: Some(runtime),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Applies `fault` from now on, to open connections too.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(
    listener: TcpListener,
    address: SocketAddr,
    upstream: SocketAddr,
    mut faults: watch::Receiver<Fault>,
    accepted: Arc<AtomicU64>,
) {
    let mut listener = Some(listener);
    loop {
        let refuse = *faults.borrow_and_update() == Fault::Refuse;
        if refuse {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        let Some(open) = &listener else {
            // Either until the fault is lifted, or until the port can be bound again.
            let pause = Duration::from_millis(if refuse { 3_600_000 } else { 10 });
            if matches!(
                tokio::time::timeout(pause, faults.changed()).await,
                Ok(Err(_))
            ) {
                return;
            }
            continue;
        };
        tokio::select! {
            changed = faults.changed() => if changed.is_err() { return },
            client = open.accept() => {
                let Ok((client, _)) = client else { continue };
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connection(client, upstream, faults.clone()));
            }
        }
    }
}

async fn connection(
    mut client: TcpStream,
    upstream: SocketAddr,
    mut faults: watch::Receiver<Fault>,
) {
    let _ = client.set_nodelay(true);
    let first = *faults.borrow_and_update();
    match first {
        Fault::Reset | Fault::Refuse => return reset(&client),
        Fault::Status(status) => return answer(&mut client, status).await,
        Fault::Hang => {
            while *faults.borrow_and_update() == Fault::Hang {
                if faults.changed().await.is_err() {
                    return;
                }
            }
        }
        _ => {}
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return reset(&client);
    };
    let _ = server.set_nodelay(true);
    let mut upward = vec![0; 64 * 1024];
    let mut downward = vec![0; 64 * 1024];
    // Bytes that passed since the fault was set.
    let (mut sent, mut received) = (0_u64, 0_u64);
    loop {
        let fault = *faults.borrow_and_update();
        match fault {
            Fault::Reset | Fault::Refuse => return reset(&client),
            Fault::Hang => {
                if faults.changed().await.is_err() {
                    return;
                }
                continue;
            }
            _ => {}
        }
        tokio::select! {
            changed = faults.changed() => {
                if changed.is_err() {
                    return;
                }
                (sent, received) = (0, 0);
            }
            read = client.read(&mut upward) => {
                let Ok(length @ 1..) = read else { return };
                if let Fault::Status(status) = fault {
                    return answer(&mut client, status).await;
                }
                if let Fault::Latency(pause) = fault {
                    tokio::time::sleep(pause).await;
                }
                let allowed = allowed(fault, sent, length, true);
                sent += length as u64;
                if server.write_all(&upward[..allowed]).await.is_err() || allowed < length {
                    return reset(&client);
                }
            }
            read = server.read(&mut downward) => {
                let Ok(length @ 1..) = read else { return };
                let allowed = allowed(fault, received, length, false);
                received += length as u64;
                if client.write_all(&downward[..allowed]).await.is_err() || allowed < length {
                    return reset(&client);
                }
            }
        }
    }
}

/// How many of `length` bytes may still pass in this direction.
fn allowed(fault: Fault, passed: u64, length: usize, request: bool) -> usize {
    match fault {
        Fault::CutRequest(limit) if request => {
            usize::try_from(limit.saturating_sub(passed)).map_or(length, |left| left.min(length))
        }
        Fault::CutResponse(limit) if !request => {
            usize::try_from(limit.saturating_sub(passed)).map_or(length, |left| left.min(length))
        }
        _ => length,
    }
}

/// The peer sees "connection reset", not an orderly end.
fn reset(client: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO));
}

/// Answers with an error in S3's shape and takes the rest of the request, so that the answer is read.
async fn answer(client: &mut TcpStream, status: u16) {
    let body = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>injected</Message></Error>";
    let text = format!(
        "HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    if client.write_all(text.as_bytes()).await.is_err() {
        return;
    }
    let _ = client.shutdown().await;
    let mut rest = vec![0; 64 * 1024];
    let drain = async { while matches!(client.read(&mut rest).await, Ok(1..)) {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), drain).await;
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{TcpListener as Listener, TcpStream as Stream};

    use super::*;

    /// An upstream that sends back what it receives.
    fn echo() -> SocketAddr {
        let listener = Listener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut bytes = [0; 1024];
                    while let Ok(length @ 1..) = socket.read(&mut bytes) {
                        let _ = socket.write_all(&bytes[..length]);
                    }
                });
            }
        });
        address
    }

    fn connect(proxy: &FaultProxy) -> Stream {
        let socket = Stream::connect(proxy.address()).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        socket
    }

    fn exchange(socket: &mut Stream, text: &[u8]) -> std::io::Result<Vec<u8>> {
        socket.write_all(text)?;
        let mut answer = vec![0; text.len()];
        socket.read_exact(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn passes_bytes_and_applies_faults_to_open_connections() {
        let proxy = FaultProxy::start(echo());
        let mut socket = connect(&proxy);
        assert_eq!(exchange(&mut socket, b"one").unwrap(), b"one");
        proxy.set(Fault::Hang);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(
            exchange(&mut socket, b"two").unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        proxy.set(Fault::None);
        let mut answer = [0; 3];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"two");
        proxy.set(Fault::CutResponse(2));
        std::thread::sleep(Duration::from_millis(50));
        assert!(exchange(&mut socket, b"three").is_err());
    }

    #[test]
    fn refuses_resets_and_answers() {
        let proxy = FaultProxy::start(echo());
        proxy.set(Fault::Refuse);
        crate::wait_until("refused", Duration::from_secs(2), || {
            Stream::connect(proxy.address()).is_err()
        });
        proxy.set(Fault::Reset);
        crate::wait_until("listening", Duration::from_secs(2), || {
            Stream::connect(proxy.address()).is_ok()
        });
        assert!(exchange(&mut connect(&proxy), b"x").is_err());
        proxy.set(Fault::Status(503));
        std::thread::sleep(Duration::from_millis(50));
        let mut socket = connect(&proxy);
        socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
        assert!(proxy.accepted() >= 3);
    }
}
