//! An S3 server inside the test process: `s3s-fs` over a temporary folder.
//!
//! Path-style addresses, one bucket, signatures checked. Not a second opinion
//! on S3's semantics: that is `moto.rs`. Next: `fault_proxy.rs` to put before it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running server with one bucket.
#[derive(Debug)]
pub struct S3 {
    address: SocketAddr,
    folder: TempDir,
    runtime: Option<Runtime>,
}

impl S3 {
    /// The bucket that exists from the start.
    pub const BUCKET: &str = "seawall";
    /// The access key that is accepted.
    pub const ACCESS_KEY: &str = "seawall-access";
    /// Its secret.
    pub const SECRET_KEY: &str = "seawall-secret";
    /// Any region is accepted; tests name this one.
    pub const REGION: &str = "us-east-1";

    /// Starts a server on a free port.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("seawall-s3-").expect("create a temporary folder");
        std::fs::create_dir(folder.path().join(Self::BUCKET)).expect("create the bucket");
        let mut builder =
            S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("open the folder"));
        builder.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY, Self::SECRET_KEY));
        let service = builder.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("s3")
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
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = socket.set_nodelay(true);
                let service = service.clone();
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
        });
        Self {
            address,
            folder,
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

    /// The objects of the bucket, as keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        let bucket = self.folder.path().join(Self::BUCKET);
        let mut keys = Vec::new();
        collect_files(&bucket, &bucket, &mut keys);
        keys.sort();
        keys
    }

    /// Files of the server that are no objects: parts of unfinished multipart uploads.
    pub fn unfinished_parts(&self) -> Vec<PathBuf> {
        let mut parts: Vec<_> = std::fs::read_dir(self.folder.path())
            .expect("list the server's folder")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.contains("upload_id") && name.contains("part")
            })
            .collect();
        parts.sort();
        parts
    }

    /// The server's folder, to look into.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // Also inside another runtime, where dropping one would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn collect_files(root: &Path, folder: &Path, keys: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_files(root, &path, keys);
        } else if let Ok(key) = path.strip_prefix(root) {
            keys.push(key.to_string_lossy().into_owned());
        }
    }
}
