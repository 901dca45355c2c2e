//! The second opinion on S3: `moto` from `PyPI`, run as a server of its own.
//!
//! `cargo xtask setup` installs it into `target/tools/moto`. It checks no
//! signatures and keeps objects in memory; `s3.rs` is the everyday peer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Process, free_port};
use crate::workspace::tool;

/// A running moto server with one bucket, [`crate::S3::BUCKET`].
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl Moto {
    /// Starts a server on a free port.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("seawall-moto-").expect("create a temporary folder");
        let port = free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let log = folder.path().join("moto.log");
        let program = tool("moto").join("bin/python");
        let mut process = Process::start("moto", program, &log, |command| {
            command.args([
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ]);
        });
        process.wait_ready(Duration::from_mins(1), |_| create_bucket(address));
        Self {
            address,
            _process: process,
            _folder: folder,
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
}

fn create_bucket(address: SocketAddr) -> Option<()> {
    let mut socket = TcpStream::connect(address).ok()?;
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let request = format!(
        "PUT /{} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
        crate::S3::BUCKET,
        crate::S3::ACCESS_KEY
    );
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    answer.starts_with("HTTP/1.1 200").then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_with_its_bucket() {
        let moto = Moto::start();
        assert!(create_bucket(moto.address()).is_some());
    }
}
