//! A request's body with a least rate: a client that trickles is cut off, however long an honest upload takes.
//!
//! Only the time spent waiting for the client counts, not the time in which we are busy with what it sent.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::activity::Activity;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The guarded body.
pub(crate) struct RequestBody<B: Body = Incoming> {
    inner: B,
    activity: Arc<Activity>,
    ended: bool,
    min_rate: u64,
    window: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting_since: Option<Instant>,
    waited: Duration,
    received: u64,
}

impl<B: Body> RequestBody<B> {
    /// `min_rate` bytes per second over windows of `window`.
    pub(crate) fn new(inner: B, activity: Arc<Activity>, min_rate: u64, window: Duration) -> Self {
        RequestBody {
            inner,
            activity,
            ended: false,
            min_rate,
            window,
            timer: None,
            waiting_since: None,
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// Ends the wait that may be running.
    fn note_wait(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Called while the client owes bytes: an error once it was too slow over a whole window.
    fn poll_rate(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.min_rate == 0 {
            return Poll::Pending;
        }
        let now = *self.waiting_since.get_or_insert_with(Instant::now);
        loop {
            let window = self.window;
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(window)));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.timer = None;
            let waited = self.waited + now.elapsed();
            if waited < window * 9 / 10 {
                continue;
            }
            let owed = u128::from(self.min_rate) * waited.as_millis() / 1000;
            if u128::from(self.received) < owed {
                let reason = "the request's body arrives too slowly";
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, reason));
            }
            self.waiting_since = Some(Instant::now());
            self.waited = Duration::ZERO;
            self.received = 0;
        }
    }
}

impl<B: Body> Drop for RequestBody<B> {
    fn drop(&mut self) {
        if !self.ended && !self.inner.is_end_stream() {
            self.activity.body_left();
        }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => this.poll_rate(cx).map(|error| Some(Err(error.into()))),
            Poll::Ready(frame) => {
                this.note_wait();
                this.ended = frame.is_none();
                if let Some(Ok(frame)) = &frame
                    && let Some(bytes) = frame.data_ref()
                {
                    this.received += bytes.len() as u64;
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};

    fn drip(count: usize, every: Duration) -> impl Body<Data = Bytes, Error = io::Error> + Unpin {
        let frames = futures_util::stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep(every).await;
            Some((
                Ok::<_, io::Error>(Frame::data(Bytes::from_static(b"x"))),
                sent + 1,
            ))
        });
        StreamBody::new(Box::pin(frames))
    }

    #[tokio::test]
    async fn a_trickle_is_cut_off() {
        let slow = RequestBody::new(
            drip(100, Duration::from_millis(40)),
            Arc::new(Activity::new(true)),
            1000,
            Duration::from_millis(100),
        );
        let error = slow.collect().await.unwrap_err();
        assert!(error.to_string().contains("too slowly"), "{error}");
    }

    #[tokio::test]
    async fn a_body_that_is_not_read_to_its_end_is_noted() {
        let activity = Arc::new(Activity::new(true));
        let body = |count| {
            RequestBody::new(
                drip(count, Duration::ZERO),
                Arc::clone(&activity),
                0,
                Duration::from_secs(1),
            )
        };
        body(3).collect().await.unwrap();
        assert!(!activity.is_body_left());
        drop(body(3));
        assert!(activity.is_body_left());
    }

    #[tokio::test]
    async fn a_slow_reader_of_ours_is_not_the_clients_fault() {
        let mut body = RequestBody::new(
            drip(5, Duration::from_millis(1)),
            Arc::new(Activity::new(true)),
            20,
            Duration::from_millis(50),
        );
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            received += frame.unwrap().into_data().unwrap().len();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        assert_eq!(received, 5);
    }
}
