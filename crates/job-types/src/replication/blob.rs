//! One blob: from a stream to a stream, going on where a cut connection left off.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, future};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Body, Method, Response, StatusCode};
use seawall_telemetry::chain;
use url::Url;

use super::TransferError;
use super::copy::Transfer;
use super::endpoint::{failed, scope};
use super::throttle::throttle;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A blob to copy.
pub(super) struct Blob<'a> {
    pub(super) transfer: &'a Transfer<'a>,
    pub(super) digest: &'a str,
    pub(super) size: u64,
}

/// An upload that goes on: where the next bytes go, and how many are there.
struct Upload {
    url: Url,
    offset: u64,
}

impl Blob<'_> {
    /// Copies it unless it is there.
    pub(super) async fn copy(&self) -> Result<(), TransferError> {
        let log = &self.transfer.context.log;
        let mut upload: Option<Upload> = None;
        let Transfer {
            replication,
            settings,
            ..
        } = self.transfer;
        let most = if replication.by_chunk {
            settings.chunk_retries
        } else {
            settings.blob_retries
        };
        let mut fruitless = 0;
        loop {
            let before = upload.as_ref().map_or(0, |upload| upload.offset);
            let error = match self.advance(&mut upload).await {
                Ok(()) => return Ok(()),
                Err(TransferError::Lasting(reason)) => return Err(TransferError::Lasting(reason)),
                Err(error) => error,
            };
            if upload.as_ref().is_some_and(|upload| upload.offset > before) {
                fruitless = 0;
            }
            fruitless += 1;
            if fruitless > most {
                return Err(error);
            }
            let pause = self
                .transfer
                .settings
                .first_pause
                .saturating_mul(1 << (fruitless - 1).min(10));
            let pause = pause.min(LONGEST_PAUSE);
            log.warning(format_args!(
                "{}: {error}; again in {:.1} s",
                self.digest,
                pause.as_secs_f64()
            ));
            tokio::time::sleep(pause).await;
            // A token may have ended meanwhile; a fresh one costs a request.
            self.transfer
                .source
                .forget(&scope(self.transfer.from(), false));
            self.transfer
                .target
                .forget(&scope(self.transfer.to(), true));
        }
    }

    /// One try: to the end, or as far as it goes, which `upload` then tells.
    async fn advance(&self, upload: &mut Option<Upload>) -> Result<(), TransferError> {
        let mut going = match upload.take() {
            Some(upload) => self.look_again(upload).await?,
            None => None,
        };
        if going.is_none() {
            if self.is_there().await? {
                self.transfer
                    .context
                    .log
                    .debug(format_args!("{} is there already", self.digest));
                return Ok(());
            }
            going = Some(self.begin().await?);
        }
        let going =
            upload.insert(going.ok_or_else(|| TransferError::Passing("no upload".to_owned()))?);
        while going.offset < self.size {
            self.send(going).await?;
        }
        self.finish(going).await?;
        self.transfer.context.log.info(format_args!(
            "{} is copied, {} bytes",
            self.digest, self.size
        ));
        Ok(())
    }

    async fn is_there(&self) -> Result<bool, TransferError> {
        let target = &self.transfer.target;
        let url = target.at(self.transfer.to(), &format!("blobs/{}", self.digest))?;
        let answer = target
            .send(Method::HEAD, &url, &self.writes(), HeaderMap::new(), None)
            .await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            status => Err(failed(
                status,
                format!(
                    "{} does not say whether {} is there: {status}",
                    target.host(),
                    self.digest
                ),
            )),
        }
    }

    async fn begin(&self) -> Result<Upload, TransferError> {
        let target = &self.transfer.target;
        let url = target.at(self.transfer.to(), "blobs/uploads/")?;
        let answer = target
            .send(Method::POST, &url, &self.writes(), HeaderMap::new(), None)
            .await?;
        if answer.status() != StatusCode::ACCEPTED {
            let status = answer.status();
            return Err(failed(
                status,
                format!("{} begins no upload: {status}", target.host()),
            ));
        }
        Ok(Upload {
            url: target.location(&url, &answer)?,
            offset: 0,
        })
    }

    /// Where an upload stands after a failure; none if it is gone.
    async fn look_again(&self, upload: Upload) -> Result<Option<Upload>, TransferError> {
        let target = &self.transfer.target;
        let answer = target
            .send(
                Method::GET,
                &upload.url,
                &self.writes(),
                HeaderMap::new(),
                None,
            )
            .await?;
        if answer.status() != StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let url = target.location(&upload.url, &answer).unwrap_or(upload.url);
        Ok(end_of_range(&answer).map(|offset| Upload {
            url,
            offset: offset.min(self.size),
        }))
    }

    /// The next chunk, or all that is left.
    async fn send(&self, upload: &mut Upload) -> Result<(), TransferError> {
        let Transfer {
            source,
            target,
            replication,
            settings,
            ..
        } = self.transfer;
        let left = self.size - upload.offset;
        let length = if replication.by_chunk {
            left.min(settings.chunk_bytes.max(1))
        } else {
            left
        };
        let end = upload.offset + length;
        let url = source.at(self.transfer.from(), &format!("blobs/{}", self.digest))?;
        let mut headers = HeaderMap::new();
        if length < self.size {
            headers.insert(
                RANGE,
                number(&format!("bytes={}-{}", upload.offset, end - 1)),
            );
        }
        let answer = source
            .send(
                Method::GET,
                &url,
                &scope(self.transfer.from(), false),
                headers,
                None,
            )
            .await?;
        let skip = match answer.status() {
            StatusCode::PARTIAL_CONTENT => 0,
            // The source knows no ranges: what was sent is read again and dropped.
            StatusCode::OK => upload.offset,
            status => {
                return Err(failed(
                    status,
                    format!("{} does not give {}: {status}", source.host(), self.digest),
                ));
            }
        };
        let body = self.body(answer, skip, length);
        let answer = target
            .execute(
                target
                    .stream(Method::PATCH, &upload.url, &self.writes(), body)
                    .header(CONTENT_TYPE, "application/octet-stream")
                    .header(CONTENT_LENGTH, length)
                    .header(
                        CONTENT_RANGE,
                        number(&format!("{}-{}", upload.offset, end - 1)),
                    ),
            )
            .await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(
                status,
                format!("{} does not take {}: {status}", target.host(), self.digest),
            ));
        }
        upload.url = target
            .location(&upload.url, &answer)
            .unwrap_or_else(|_| upload.url.clone());
        upload.offset = end;
        Ok(())
    }

    /// `length` bytes of an answer after the first `skip`.
    fn body(&self, answer: Response, skip: u64, length: u64) -> Body {
        let (mut skip, mut left) = (skip, length);
        let bytes = answer
            .bytes_stream()
            .map_err(|error| std::io::Error::other(chain(&error.without_url()).to_string()))
            .map_ok(move |mut bytes| {
                let dropped = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
                let mut bytes = bytes.split_off(dropped);
                skip -= dropped as u64;
                bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                left -= bytes.len() as u64;
                bytes
            })
            .try_filter(|bytes| future::ready(!bytes.is_empty()))
            .boxed();
        Body::wrap_stream(throttle(bytes, self.transfer.replication.bytes_per_second))
    }

    async fn finish(&self, upload: &Upload) -> Result<(), TransferError> {
        let target = &self.transfer.target;
        let mut url = upload.url.clone();
        url.query_pairs_mut().append_pair("digest", self.digest);
        let answer = target
            .send(
                Method::PUT,
                &url,
                &self.writes(),
                HeaderMap::new(),
                Some(bytes::Bytes::new()),
            )
            .await?;
        let status = answer.status();
        if !status.is_success() {
            // Also for bytes that are not the digest's: another try reads them anew.
            let _ = target
                .send(
                    Method::DELETE,
                    &upload.url,
                    &self.writes(),
                    HeaderMap::new(),
                    None,
                )
                .await;
            return Err(TransferError::Passing(format!(
                "{} does not finish {}: {status}",
                target.host(),
                self.digest
            )));
        }
        Ok(())
    }

    fn writes(&self) -> String {
        scope(self.transfer.to(), true)
    }
}

/// The bytes that are there by `Range: 0-99`, of which the end is included.
fn end_of_range(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(RANGE)?.to_str().ok()?;
    let end: u64 = range.rsplit('-').next()?.parse().ok()?;
    // Nothing and one byte look alike; distribution means nothing.
    Some(if end == 0 { 0 } else { end + 1 })
}

fn number(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
