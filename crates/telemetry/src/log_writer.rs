//! Log lines on their way to standard error: gathered in memory and written by a thread of their own, so that a request
//! never waits for a terminal or a pipe. A full buffer drops lines and says how many.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines waiting to be written, at most, in bytes.
const CAPACITY_BYTES: usize = 4 << 20;

/// How long the writer lets lines gather after the first: under load a request then wakes nobody.
const GATHER: Duration = Duration::from_millis(5);

/// Where the subscriber writes.
#[derive(Debug, Clone)]
pub(crate) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
    gone: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped_lines: u64,
    writing: bool,
}

impl LogWriter {
    /// Starts the thread that writes to `output`.
    pub(crate) fn start(mut output: impl Write + Send + 'static) -> io::Result<LogWriter> {
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut batch = Vec::new();
            loop {
                let dropped = ours.next_batch(&mut batch);
                // A closed standard error leaves nobody to tell.
                let _ = output.write_all(&batch);
                if dropped > 0 {
                    let _ = writeln!(output, "{dropped} log lines were dropped: they came faster than they could be written");
                }
                let _ = output.flush();
            }
        })?;
        Ok(LogWriter(shared))
    }

    /// Waits until everything was written, for a second at most.
    pub(crate) fn flush(&self) {
        let waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let busy = |waiting: &mut Waiting| waiting.writing || !waiting.bytes.is_empty();
        drop(
            self.0
                .gone
                .wait_timeout_while(waiting, Duration::from_secs(1), busy),
        );
    }
}

impl Shared {
    fn next_batch(&self, batch: &mut Vec<u8>) -> u64 {
        batch.clear();
        batch.shrink_to(64 << 10);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.writing = false;
        self.gone.notify_all();
        while waiting.bytes.is_empty() {
            waiting = self
                .came
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        waiting.writing = true;
        drop(waiting);
        std::thread::sleep(GATHER);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(batch, &mut waiting.bytes);
        std::mem::take(&mut waiting.dropped_lines)
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes.len() + line.len() > CAPACITY_BYTES {
            waiting.dropped_lines += 1;
        } else {
            if waiting.bytes.is_empty() {
                self.0.came.notify_one();
            }
            waiting.bytes.extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = LogWriter;

    fn make_writer(&self) -> LogWriter {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_written_is_there_after_a_flush() {
        let sink = Sink::default();
        let mut writer = LogWriter::start(sink.clone()).unwrap();
        writer.write_all(b"one\n").unwrap();
        writer.write_all(b"two\n").unwrap();
        LogWriter::flush(&writer);
        assert_eq!(*sink.0.lock().unwrap(), b"one\ntwo\n");
    }
}
