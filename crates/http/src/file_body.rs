//! A part of a file as a response body. How its bytes reach the socket: `send_queue.rs` and `stream.rs` for plain HTTP/1.1,
//! pooled buffers (`buffers.rs`) for the rest.

use std::fs::File;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::Extensions;
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::buffers::Buffer;
use crate::page_cache::{Cached, ended_early, is_warm, read_cached, warm};
use crate::send_queue::{SLOT_BYTES, SendQueue};

/// Bodies up to this size are read into the response: one `read` costs less than a `sendfile` and its page references.
const SMALL_BYTES: usize = 64 << 10;

/// The bytes `range` of `file` as a response body of exactly that length.
///
/// `request_extensions` are those of the request being answered: they tell which connection the body leaves on, and so
/// whether the kernel can send it without a copy (plain HTTP/1.1). Such a body must reach the connection as it is: whoever
/// reads its frames sees zeros. A file that turns out shorter than `range.end` aborts the connection; no other bytes are
/// ever sent in place of missing ones.
pub fn file_body(
    file: impl Into<Arc<File>>,
    range: Range<u64>,
    request_extensions: &Extensions,
) -> Body {
    let file = file.into();
    let Range {
        start: position,
        end,
    } = range;
    if position >= end {
        return Body::empty();
    }
    if let Ok(length) = usize::try_from(end - position)
        && length <= SMALL_BYTES
    {
        let mut bytes = vec![0; length];
        if read_cached(&file, position, &mut bytes)
            .is_ok_and(|cached| cached == Cached::Read(length))
        {
            return Body::from(bytes);
        }
    }
    let sends = request_extensions.get::<Arc<SendQueue>>().cloned();
    Body::new(FileBody {
        file,
        position,
        end,
        sends,
        waiting: None,
    })
}

struct FileBody {
    file: Arc<File>,
    position: u64,
    end: u64,
    sends: Option<Arc<SendQueue>>,
    waiting: Option<Waiting>,
}

/// What the blocking pool does for this body.
enum Waiting {
    /// Bringing the next window into the page cache.
    Warming(JoinHandle<io::Result<()>>),
    /// Reading the next frame.
    Reading(JoinHandle<io::Result<Bytes>>),
}

impl FileBody {
    fn remaining(&self) -> u64 {
        self.end - self.position
    }

    /// The next frame; `None` when the blocking pool was asked first.
    fn next_frame(&mut self) -> io::Result<Option<Bytes>> {
        let Some(sends) = &self.sends else {
            return self.read_frame();
        };
        let length = usize::try_from(self.remaining())
            .unwrap_or(usize::MAX)
            .min(SLOT_BYTES);
        if is_warm(&self.file, self.position, length as u64)? {
            return Ok(Some(sends.place(&self.file, self.position, length)));
        }
        let (file, position) = (Arc::clone(&self.file), self.position);
        let warming = tokio::task::spawn_blocking(move || warm(&file, position, length as u64));
        self.waiting = Some(Waiting::Warming(warming));
        Ok(None)
    }

    fn read_frame(&mut self) -> io::Result<Option<Bytes>> {
        let mut buffer = Buffer::take();
        let length = usize::try_from(self.remaining())
            .unwrap_or(usize::MAX)
            .min(buffer.bytes().len());
        match read_cached(&self.file, self.position, &mut buffer.bytes()[..length])? {
            Cached::Read(0) => Err(ended_early()),
            Cached::Read(read) => Ok(Some(buffer.freeze(read))),
            Cached::Cold => {
                let (file, position) = (Arc::clone(&self.file), self.position);
                let reading =
                    tokio::task::spawn_blocking(move || read_cold(&file, position, buffer, length));
                self.waiting = Some(Waiting::Reading(reading));
                Ok(None)
            }
        }
    }

    /// Waits for the blocking pool. The window that it warmed is placed without a second look.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let frame = match &mut self.waiting {
            None => return Poll::Ready(Ok(None)),
            Some(Waiting::Reading(task)) => ready!(Pin::new(task).poll(cx))
                .map_err(io::Error::other)?
                .map(Some),
            Some(Waiting::Warming(task)) => {
                ready!(Pin::new(task).poll(cx)).map_err(io::Error::other)??;
                let length = usize::try_from(self.remaining())
                    .unwrap_or(usize::MAX)
                    .min(SLOT_BYTES);
                Ok(self
                    .sends
                    .as_ref()
                    .map(|sends| sends.place(&self.file, self.position, length)))
            }
        };
        self.waiting = None;
        Poll::Ready(frame)
    }
}

fn read_cold(file: &File, position: u64, mut buffer: Buffer, length: usize) -> io::Result<Bytes> {
    use std::os::unix::fs::FileExt;
    loop {
        match file.read_at(&mut buffer.bytes()[..length], position) {
            Ok(0) => return Err(ended_early()),
            Ok(read) => return Ok(buffer.freeze(read)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.position >= this.end {
            return Poll::Ready(None);
        }
        loop {
            let frame = match ready!(this.poll_waiting(cx)) {
                Ok(Some(frame)) => Ok(Some(frame)),
                Ok(None) => this.next_frame(),
                Err(error) => Err(error),
            };
            match frame {
                Ok(Some(frame)) => {
                    this.position += frame.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(frame))));
                }
                Ok(None) => {}
                Err(error) => {
                    this.position = this.end;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.position >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining())
    }
}
