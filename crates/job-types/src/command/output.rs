//! What a command prints, line by line into the job's log, as long as there is room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seawall_jobs::log::JobLog;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A longer line is cut into several.
const LONGEST_LINE: usize = 4096;

/// Two readers, of standard output and standard error. Dropped, they stop.
pub(super) struct Output(JoinSet<()>);

impl Output {
    pub(super) fn follow(child: &mut Child, log: JobLog, max_bytes: u64) -> Self {
        let left = Arc::new(AtomicU64::new(max_bytes));
        let mut readers = JoinSet::new();
        if let Some(output) = child.stdout.take() {
            readers.spawn(copy(output, log.clone(), Arc::clone(&left), false));
        }
        if let Some(output) = child.stderr.take() {
            readers.spawn(copy(output, log, left, true));
        }
        Self(readers)
    }

    /// Waits for the ends of both, but not for long: someone may have inherited them.
    pub(super) async fn finish(mut self, patience: Duration) {
        let ends = async { while self.0.join_next().await.is_some() {} };
        let _ = timeout(patience, ends).await;
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, log: JobLog, left: Arc<AtomicU64>, is_error: bool) {
    let mut line = Vec::with_capacity(LONGEST_LINE);
    let mut buffer = vec![0; 8192];
    loop {
        let count = from.read(&mut buffer).await.unwrap_or(0);
        for byte in &buffer[..count] {
            if *byte != b'\n' {
                line.push(*byte);
            }
            if *byte == b'\n' || line.len() == LONGEST_LINE {
                write(&mut line, &log, &left, is_error);
            }
        }
        if count == 0 {
            if !line.is_empty() {
                write(&mut line, &log, &left, is_error);
            }
            return;
        }
    }
}

/// The program is read on when there is no more room, since it must not block on a full pipe.
fn write(line: &mut Vec<u8>, log: &JobLog, left: &AtomicU64, is_error: bool) {
    let size = line.len() as u64 + 1;
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        Some(left.saturating_sub(size))
    });
    let before = before.unwrap_or_default();
    if before >= size {
        let text = String::from_utf8_lossy(line);
        if is_error {
            log.warning(text.trim_end_matches('\r'));
        } else {
            log.info(text.trim_end_matches('\r'));
        }
    } else if before > 0 {
        log.warning("There is more output than the log has room for; the rest is left out");
    }
    line.clear();
}
