//! What a container writes: read to its end, so that it never waits for a reader, and only the last of it kept.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// So many bytes are kept.
const MOST: usize = 8 << 10;

/// Both streams of a process, as they came.
pub(super) struct Output {
    kept: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Output {
    pub(super) fn of(stdout: Option<ChildStdout>, stderr: Option<ChildStderr>) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        readers.extend(stdout.map(|stream| tokio::spawn(read(stream, Arc::clone(&kept)))));
        readers.extend(stderr.map(|stream| tokio::spawn(read(stream, Arc::clone(&kept)))));
        Self { kept, readers }
    }

    /// Waits until both streams have ended.
    pub(super) async fn end(&mut self, until: Instant) {
        for reader in self.readers.drain(..) {
            let _ = timeout_at(until, reader).await;
        }
    }

    /// What was kept.
    pub(super) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, into: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let mut kept = into.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let over = kept.len().saturating_sub(MOST);
        kept.drain(..over);
    }
}
