//! One blob: from a stream to a stream, going on where a cut connection left off.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, future};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Body, Method, Response, StatusCode};
use seawall_telemetry::chain;
use url::Url;

use crate::TransferError;
use crate::endpoint::{Endpoint, failed, scope};
use crate::throttle::throttle;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How blobs are copied.
#[derive(Clone, Debug)]
pub struct CopySettings {
    /// How often a blob is tried again without having moved a byte.
    pub retries: u32,
    /// Bytes of a chunk; none sends a blob in one request.
    pub chunk_bytes: Option<u64>,
    /// The first pause before something is tried again; it doubles.
    pub first_pause: Duration,
    /// The most bytes in a second; none for as fast as it goes.
    pub bytes_per_second: Option<u64>,
}

/// What happened to a blob on its way, for whoever watches.
#[derive(Debug)]
pub enum Passage<'a> {
    /// It was there.
    AlreadyThere,
    /// It is there now.
    Copied,
    /// A try failed, and there is another after the pause.
    Again {
        /// Why it failed.
        error: &'a TransferError,
        /// How long until it is tried again.
        pause: Duration,
    },
}

/// A blob to copy from one registry to another.
#[derive(Clone, Copy)]
pub struct BlobCopy<'a> {
    /// Where it is, and in which repository.
    pub source: (&'a Endpoint, &'a str),
    /// Where it goes, and into which repository.
    pub target: (&'a Endpoint, &'a str),
    /// Which it is.
    pub digest: &'a str,
    /// Its length in bytes, as its manifest says.
    pub size: u64,
    /// How it is copied.
    pub settings: &'a CopySettings,
    /// Told what happens.
    pub watch: &'a (dyn Fn(Passage<'_>) + Send + Sync),
}

impl std::fmt::Debug for BlobCopy<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobCopy")
            .field("digest", &self.digest)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// An upload that goes on: where the next bytes go, and how many are there.
struct Upload {
    url: Url,
    offset: u64,
}

impl BlobCopy<'_> {
    /// Copies it unless it is there.
    ///
    /// # Errors
    /// The last failure, when tries without a byte moved were as many as allowed, or one that
    /// another try would not mend.
    pub async fn copy(&self) -> Result<(), TransferError> {
        let mut upload: Option<Upload> = None;
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
            if fruitless > self.settings.retries {
                return Err(error);
            }
            let pause = self
                .settings
                .first_pause
                .saturating_mul(1 << (fruitless - 1).min(10))
                .min(LONGEST_PAUSE);
            (self.watch)(Passage::Again {
                error: &error,
                pause,
            });
            tokio::time::sleep(pause).await;
            // A token may have ended meanwhile; a fresh one costs a request.
            self.source.0.forget(&scope(self.source.1, false));
            self.target.0.forget(&self.writes());
        }
    }

    /// One try: to the end, or as far as it goes, which `upload` then tells.
    async fn advance(&self, upload: &mut Option<Upload>) -> Result<(), TransferError> {
        let mut going = match upload.take() {
            Some(upload) => self.look_again(upload).await?,
            None => None,
        };
        if going.is_none() {
            let (target, repository) = self.target;
            if target.has_blob(repository, self.digest, true).await? {
                (self.watch)(Passage::AlreadyThere);
                return Ok(());
            }
            going = Some(Upload {
                url: target.begin_upload(repository).await?,
                offset: 0,
            });
        }
        let going =
            upload.insert(going.ok_or_else(|| TransferError::Passing("no upload".to_owned()))?);
        while going.offset < self.size {
            self.send(going).await?;
        }
        self.finish(going).await?;
        (self.watch)(Passage::Copied);
        Ok(())
    }

    /// Where an upload stands after a failure; none if it is gone.
    async fn look_again(&self, upload: Upload) -> Result<Option<Upload>, TransferError> {
        let target = self.target.0;
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
        let (source, target) = (self.source.0, self.target.0);
        let left = self.size - upload.offset;
        let length = left.min(self.settings.chunk_bytes.unwrap_or(left).max(1));
        let end = upload.offset + length;
        let url = source.at(self.source.1, &format!("blobs/{}", self.digest))?;
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
                &scope(self.source.1, false),
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
        Body::wrap_stream(throttle(bytes, self.settings.bytes_per_second))
    }

    async fn finish(&self, upload: &Upload) -> Result<(), TransferError> {
        let target = self.target.0;
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
        scope(self.target.1, true)
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
