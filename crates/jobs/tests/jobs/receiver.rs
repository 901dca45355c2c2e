//! A receiver of hooks over HTTP that keeps what it hears and answers as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use seawall_jobs::HookTarget;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// As a status: it never answers.
pub(crate) const HANG: u16 = 0;

/// Listens until it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Value>>>,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        let status = Arc::new(AtomicU16::new(200));
        let asked = Arc::<AtomicUsize>::default();
        let task = tokio::spawn({
            let (heard, status, asked) = (heard.clone(), status.clone(), asked.clone());
            async move {
                let mut connections = tokio::task::JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(serve(stream, heard.clone(), status.clone(), asked.clone()));
                }
            }
        });
        Self {
            address,
            heard,
            status,
            asked,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn hook(&self) -> HookTarget {
        HookTarget::url(format!(
            "http://{}/service/notifications/tasks/1",
            self.address
        ))
        .unwrap()
    }

    /// Answers with this status from now on. What is not answered with 200 is not kept.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub(crate) fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// How many requests came, answered or not.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many it heard.
    pub(crate) fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// The statuses that it heard of a job, in order.
    pub(crate) fn statuses(&self, id: &str) -> Vec<String> {
        let heard = self.heard();
        let of_job = heard.iter().filter(|body| body["job_id"] == id);
        of_job
            .map(|body| body["status"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    heard: Arc<Mutex<Vec<Value>>>,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0_usize, String::new());
        let mut first = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if first.is_empty() {
                first = line.clone();
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        assert!(
            first.starts_with("POST /service/notifications/tasks/1 "),
            "{first}"
        );
        asked.fetch_add(1, Ordering::SeqCst);
        let status = status.load(Ordering::SeqCst);
        if status == HANG {
            std::future::pending::<()>().await;
        }
        if status == 200 {
            heard
                .lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
        }
        let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\n\r\nok");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
