//! The bytes of a connection: notes progress for the driver, and sends file frames with `sendfile(2)`.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::{SendAncillaryBuffer, SendFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use crate::activity::Activity;
use crate::metrics::HttpMetrics;
use crate::send_queue::{SendQueue, is_placed};

/// A TCP connection without TLS.
#[derive(Debug)]
pub(crate) struct PlainStream {
    tcp: TcpStream,
    sends: Arc<SendQueue>,
    activity: Arc<Activity>,
    metrics: HttpMetrics,
}

impl PlainStream {
    pub(crate) fn new(
        tcp: TcpStream,
        sends: Arc<SendQueue>,
        activity: Arc<Activity>,
        metrics: HttpMetrics,
    ) -> Self {
        PlainStream {
            tcp,
            sends,
            activity,
            metrics,
        }
    }

    /// Sends the part of a file that `slice` stands for.
    fn poll_send_file(&self, cx: &mut Context<'_>, slice: &[u8]) -> Poll<io::Result<usize>> {
        let Some(placed) = self.sends.find(slice)? else {
            return Poll::Ready(Err(io::Error::other("not a file frame")));
        };
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            let mut offset = placed.offset;
            let outcome = self.tcp.try_io(Interest::WRITABLE, || {
                rustix::fs::sendfile(&self.tcp, &*placed.file, Some(&mut offset), slice.len())
                    .map_err(io::Error::from)
            });
            match outcome {
                Ok(0) => {
                    let reason = "the file is shorter than the body that was promised";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason)));
                }
                Ok(sent) => {
                    self.sends.sent(&placed, sent);
                    return Poll::Ready(Ok(sent));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Sends ordinary bytes that a file frame follows: the kernel is told to wait for it before it fills a packet.
    fn poll_send_more(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            let outcome = self.tcp.try_io(Interest::WRITABLE, || {
                let flags = SendFlags::MORE | SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
                rustix::net::sendmsg(
                    &self.tcp,
                    slices,
                    &mut SendAncillaryBuffer::default(),
                    flags,
                )
                .map_err(io::Error::from)
            });
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return Poll::Ready(other),
            }
        }
    }

    fn poll_write_slices(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices
            .iter()
            .position(|slice| !slice.is_empty())
            .unwrap_or(slices.len());
        let slices = &slices[first..];
        let ordinary = slices
            .iter()
            .position(|slice| is_placed(slice))
            .unwrap_or(slices.len());
        if ordinary == slices.len() {
            Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
        } else if ordinary > 0 {
            self.poll_send_more(cx, &slices[..ordinary])
        } else {
            self.poll_send_file(cx, &slices[0])
        }
    }
}

impl AsyncRead for PlainStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.tcp).poll_read(cx, buffer);
        note_read(
            &this.activity,
            &this.metrics,
            &outcome,
            buffer.filled().len() - before,
        );
        outcome
    }
}

impl AsyncWrite for PlainStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = this.poll_write_slices(cx, slices);
        note_write(&this.activity, &this.metrics, &outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

/// The TCP connection under TLS: notes progress, no more.
#[derive(Debug)]
pub(crate) struct NotedStream {
    tcp: TcpStream,
    activity: Arc<Activity>,
    metrics: HttpMetrics,
}

impl NotedStream {
    pub(crate) fn new(tcp: TcpStream, activity: Arc<Activity>, metrics: HttpMetrics) -> Self {
        NotedStream {
            tcp,
            activity,
            metrics,
        }
    }
}

impl AsyncRead for NotedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.tcp).poll_read(cx, buffer);
        note_read(
            &this.activity,
            &this.metrics,
            &outcome,
            buffer.filled().len() - before,
        );
        outcome
    }
}

impl AsyncWrite for NotedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.tcp).poll_write(cx, bytes);
        note_write(&this.activity, &this.metrics, &outcome);
        outcome
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.tcp).poll_write_vectored(cx, slices);
        note_write(&this.activity, &this.metrics, &outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
}

fn note_read(
    activity: &Activity,
    metrics: &HttpMetrics,
    outcome: &Poll<io::Result<()>>,
    received: usize,
) {
    if received > 0 && matches!(outcome, Poll::Ready(Ok(()))) {
        activity.received();
        metrics.received_bytes(received as u64);
    }
}

fn note_write(activity: &Activity, metrics: &HttpMetrics, outcome: &Poll<io::Result<usize>>) {
    match outcome {
        Poll::Pending => activity.write_blocked(),
        Poll::Ready(Ok(sent)) => {
            activity.sent();
            metrics.sent_bytes(*sent as u64);
        }
        Poll::Ready(Err(_)) => {}
    }
}
