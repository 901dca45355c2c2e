//! No more bytes in a second than a policy allows.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until};

/// The same bytes, with pauses so that they come no faster than `bytes_per_second`.
pub(crate) fn throttle<S, E>(
    bytes: S,
    bytes_per_second: Option<u64>,
) -> impl Stream<Item = Result<Bytes, E>> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Send,
{
    let mut free_at = Instant::now();
    bytes.then(move |item| {
        let wait = free_at;
        if let (Some(rate), Ok(bytes)) = (bytes_per_second, &item) {
            #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact")]
            let pause = bytes.len() as f64 / rate.max(1) as f64;
            free_at = wait.max(Instant::now()) + Duration::from_secs_f64(pause);
        }
        async move {
            if bytes_per_second.is_some() {
                sleep_until(wait).await;
            }
            item
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn bytes_come_no_faster_than_allowed() {
        let chunks = stream::iter((0..5).map(|_| Ok::<_, ()>(Bytes::from_static(&[0; 1000]))));
        let begun = Instant::now();
        let count = throttle(chunks, Some(10_000)).count().await;
        assert_eq!(count, 5);
        // The last of five waits for the four before it: 400 ms at 10 kB/s.
        assert!(
            begun.elapsed() >= Duration::from_millis(390),
            "{:?}",
            begun.elapsed()
        );
    }
}
