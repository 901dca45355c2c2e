//! A stand-in for Harbor's core, as far as a job service meets it: it gives settings to who knows
//! the secret, and takes hooks, or fails to, as a test says.
//!
//! HTTP by hand (over TLS if asked to): what a job service sends is simple, and the stand-in shares no code with it.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// What becomes of hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookFault {
    /// They are taken.
    #[default]
    None,
    /// Each is answered with this status.
    Status(u16),
    /// The first of each address is answered with this status, later ones are taken: 404 is what
    /// Harbor's core says while the transaction that made the task is not committed.
    FirstStatus(u16),
    /// Each is taken, but the answer gets lost: the sender cannot know.
    LostAnswer,
    /// Connections are closed as if nobody listened.
    Down,
}

/// A hook that came, taken or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The path that it was posted to.
    pub path: String,
    /// Its body, JSON.
    pub body: String,
    /// Whether it was taken.
    pub taken: bool,
    /// When it came.
    pub at: Instant,
}

#[derive(Debug, Default)]
struct State {
    fault: HookFault,
    met: HashSet<String>,
    hooks: Vec<Hook>,
    read_only: bool,
    unready: u32,
    settings_asked: u32,
}

/// What Harbor's internal TLS gives to core, as PEM.
#[derive(Clone, Debug)]
pub struct CoreTls {
    /// The certificate that core shows.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// Who signed the certificates that callers have to show.
    pub authority: String,
}

impl CoreTls {
    fn config(&self) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(self.authority.as_bytes());
        roots
            .add(authority.expect("read the authority"))
            .expect("trust the authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("speak TLS")
            .with_client_cert_verifier(verifier.build().expect("verify clients"))
            .with_single_cert(
                vec![certificate.expect("read the certificate")],
                key.expect("read the key"),
            );
        Arc::new(config.expect("serve with the certificate"))
    }
}

/// The stand-in; it ends with the test process.
#[derive(Debug)]
pub struct HarborCore {
    scheme: &'static str,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl HarborCore {
    /// What a job service shows to core.
    pub const JOBSERVICE_SECRET: &str = "the job service's secret";
    /// What core shows to a job service.
    pub const CORE_SECRET: &str = "the secret of core";

    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::listen(Ipv4Addr::LOCALHOST, None)
    }

    /// Starts one on a free port of an address, such as a [`Cable`](crate::Cable)'s.
    pub fn start_at(address: Ipv4Addr) -> Self {
        Self::listen(address, None)
    }

    /// Starts one on a free port that speaks to nobody who shows no certificate of the authority.
    pub fn start_with_tls(tls: &CoreTls) -> Self {
        Self::listen(Ipv4Addr::LOCALHOST, Some(tls.config()))
    }

    fn listen(address: Ipv4Addr, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("bind a port");
        let address = listener.local_addr().expect("know the port");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let scheme = if tls.is_some() { "https" } else { "http" };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                thread::spawn(move || meet(connection, tls, &state));
            }
        });
        Self {
            scheme,
            address,
            state,
        }
    }

    /// `http://127.0.0.1:port`, or `https://…`, or with the address it was started at.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a task hears of its job.
    pub fn hook_url(&self, task: &str) -> String {
        format!("{}/service/notifications/tasks/{task}", self.url())
    }

    /// What becomes of hooks from now on.
    pub fn set_fault(&self, fault: HookFault) {
        self.state().fault = fault;
    }

    /// Whether core says that it is read-only.
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// Answers so many requests for settings with 503 first.
    pub fn set_unready(&self, times: u32) {
        self.state().unready = times;
    }

    /// How often somebody asked for settings.
    pub fn settings_asked(&self) -> u32 {
        self.state().settings_asked
    }

    /// Every hook that came.
    pub fn hooks(&self) -> Vec<Hook> {
        self.state().hooks.clone()
    }

    /// The bodies of the hooks that were taken for a task, in the order in which they came.
    pub fn taken(&self, task: &str) -> Vec<String> {
        let path = format!("/service/notifications/tasks/{task}");
        let hooks = self.hooks().into_iter();
        hooks
            .filter(|hook| hook.taken && hook.path == path)
            .map(|hook| hook.body)
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Request {
    method: String,
    path: String,
    authorization: String,
    body: String,
}

fn meet(connection: TcpStream, tls: Option<Arc<ServerConfig>>, state: &Mutex<State>) {
    let _ = connection.set_read_timeout(Some(Duration::from_mins(2)));
    match tls {
        None => serve(connection, state),
        Some(config) => {
            let session = ServerConnection::new(config).expect("begin a session");
            serve(StreamOwned::new(session, connection), state);
        }
    }
}

fn serve(connection: impl Read + Write, state: &Mutex<State>) {
    let mut reader = BufReader::new(connection);
    while lock(state).fault != HookFault::Down
        && let Some(request) = read(&mut reader)
    {
        // It may have gone down while the request came.
        let Some((status, body)) = answer(&request, state) else {
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} Stand-in\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let connection = reader.get_mut();
        let written = connection.write_all((head + &body).as_bytes());
        if written.and_then(|()| connection.flush()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Request {
        method,
        path,
        authorization,
        body,
    })
}

/// Status and body; none to close the connection without a word.
fn answer(request: &Request, state: &Mutex<State>) -> Option<(u16, String)> {
    let mut state = lock(state);
    if request.path == "/api/v2.0/internalconfig" {
        state.settings_asked += 1;
        if request.authorization != format!("Harbor-Secret {}", HarborCore::JOBSERVICE_SECRET) {
            return Some((401, String::new()));
        }
        if state.unready > 0 {
            state.unready -= 1;
            return Some((503, String::new()));
        }
        let read_only = state.read_only;
        let body = format!(
            "{{\"read_only\":{{\"value\":{read_only},\"editable\":true}},\"postgresql_host\":{{\"value\":\"database\",\"editable\":false}}}}"
        );
        return Some((200, body));
    }
    if request.method != "POST" {
        return Some((404, String::new()));
    }
    let first = state.met.insert(request.path.clone());
    let status = match state.fault {
        HookFault::Status(status) => Some(status),
        HookFault::FirstStatus(status) if first => Some(status),
        HookFault::None | HookFault::FirstStatus(_) => Some(200),
        HookFault::LostAnswer | HookFault::Down => None,
    };
    let taken = status == Some(200) || state.fault == HookFault::LostAnswer;
    state.hooks.push(Hook {
        path: request.path.clone(),
        body: request.body.clone(),
        taken,
        at: Instant::now(),
    });
    Some((status?, String::new()))
}
