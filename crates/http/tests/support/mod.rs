//! A running server for the tests of this folder, and a client that says exactly what it is told.
#![allow(dead_code, reason = "each test file uses a part")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use seawall_http::{HttpMetrics, Server, ServerSettings, Shutdown};
use seawall_telemetry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A server that stops when dropped.
pub struct Running {
    pub address: SocketAddr,
    pub shutdown: Shutdown,
    pub serving: JoinHandle<()>,
    pub registry: Registry,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.stop();
    }
}

impl Running {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

pub fn settings() -> ServerSettings {
    ServerSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        access_log: false,
        ..ServerSettings::default()
    }
}

pub async fn start(settings: ServerSettings, router: Router) -> Running {
    let mut registry = Registry::default();
    let metrics = HttpMetrics::register(&mut registry);
    let server = Server::bind(settings, metrics).await.unwrap();
    let (address, shutdown) = (server.local_address(), Shutdown::default());
    let serving = tokio::spawn(server.serve(router, shutdown.clone()));
    Running {
        address,
        shutdown,
        serving,
        registry,
    }
}

/// Sends `request` and reads until the server closes, for ten seconds at most.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    tcp.write_all(request).await.unwrap();
    read_to_end(&mut tcp).await
}

pub async fn read_to_end(tcp: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let reading = tcp.read_to_end(&mut answer);
    // A reset after the answer is fine: what came is what counts.
    let _ = tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("the server closes");
    answer
}

/// Reads one response with a Content-Length.
pub async fn read_response(tcp: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert!(
            tcp.read_buf(&mut bytes).await.unwrap() > 0,
            "the connection ended in a head"
        );
    };
    let head = String::from_utf8(bytes[..head_end].to_vec())
        .unwrap()
        .to_ascii_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    let mut body = bytes.split_off(head_end);
    body.reserve(length);
    while body.len() < length {
        assert!(
            tcp.read_buf(&mut body).await.unwrap() > 0,
            "the connection ended in a body"
        );
    }
    assert_eq!(body.len(), length, "bytes behind the body");
    (head, body)
}
