//! The comparison of storage and database, both ways: bytes that no row names become trash, rows
//! without bytes are told of and never touched. `reread.rs` compares digests.
//!
//! Both sides are read in the order of locations and merged, a page at a time, so that memory is
//! bounded and a scrub that was stopped goes on where it was. What looks wrong is looked at once more before
//! it is believed: the two sides are not read at the same moment.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, TryStreamExt as _};
use seawall_database::Timestamp;
use seawall_oci::Digest;
use seawall_storage::{Location, StorageError, StoredBlob};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::reread::Reread;
use super::store::{self, Row};
use super::{BlobReferences, ScrubSettings};
use crate::{Content, ContentError};

/// How many rows are read, and how many locations compared, before a rest.
const PAGE: usize = 500;
/// Where a scrub is, is told at least so often: reading digests again at a bounded rate takes its time.
const PAGE_TIME: Duration = Duration::from_secs(30);
/// How many of a kind a report names; the rest is counted and logged.
const MOST_NAMED: usize = 1000;

/// Where a scrub goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrubPosition {
    /// After this location; from the beginning without one.
    pub after: Option<Location>,
}

/// Told where a scrub is and what it found so far, since it began or went on.
pub type ScrubWatch<'w> = &'w mut (dyn FnMut(&ScrubPosition, &ScrubReport) + Send);

/// Blobs with something wrong: how many, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many.
    pub count: u64,
    /// The first thousand.
    pub digests: Vec<Digest>,
}

impl Findings {
    fn add(&mut self, digest: &Digest) {
        self.count += 1;
        if self.digests.len() < MOST_NAMED {
            self.digests.push(digest.clone());
        }
    }
}

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// How many blobs were looked at.
    pub blobs: u64,
    /// How many publications the storage holds.
    pub stored: u64,
    /// Publications without a blob, which are trash now.
    pub strays: u64,
    /// Their bytes.
    pub stray_bytes: u64,
    /// Blobs whose bytes are not there. A push of the same content mends one.
    pub missing: Findings,
    /// Blobs whose bytes are more or fewer than they should be. A push mends one.
    pub wrong_size: Findings,
    /// Blobs whose bytes have another digest.
    pub damaged: Findings,
    /// How many bytes were read for that.
    pub read_bytes: u64,
    /// Blobs that nobody refers to and that collection would never have looked at.
    pub requeued: u64,
    /// Whether it was stopped before its end. The position says where to go on.
    pub stopped: bool,
}

impl ScrubReport {
    /// Whether nothing is wrong with any blob.
    pub fn is_sound(&self) -> bool {
        self.missing.count + self.wrong_size.count + self.damaged.count == 0
    }
}

/// What a page has brought up.
#[derive(Default)]
struct Page {
    seen: usize,
    strays: Vec<StoredBlob>,
    /// Blobs without bytes, or of another size.
    suspects: Vec<Row>,
    settled: Vec<Digest>,
    last: Option<Location>,
}

impl Content {
    /// Compares storage and database from `position` on, which moves on with it; back at the
    /// beginning when all is done.
    ///
    /// # Errors
    /// When the database or the storage fails. What was found so far is in the log.
    pub async fn scrub(
        &self,
        settings: &ScrubSettings,
        references: &Arc<dyn BlobReferences>,
        position: &mut ScrubPosition,
        watch: ScrubWatch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<ScrubReport, ContentError> {
        let mut report = ScrubReport::default();
        let mut rests = Pace::new(None);
        let mut reread = Reread::new(settings.read_bytes_per_second);
        let mut sides = Sides::new(self, position.after.clone());
        loop {
            if cancelled.is_cancelled() {
                report.stopped = true;
                return Ok(report);
            }
            let began = Instant::now();
            let mut page = Page::default();
            while page.seen < PAGE && began.elapsed() < PAGE_TIME {
                let Some(pair) = sides.next(self).await? else {
                    break;
                };
                let location = pair.location().clone();
                if let Some(row) = page.take(pair, &mut report, settings) {
                    match reread.compare(self, &row, cancelled).await? {
                        Some(true) => {}
                        Some(false) => {
                            tracing::error!(digest = %row.digest, location = %row.location, "a blob's bytes are damaged");
                            report.damaged.add(&row.digest);
                        }
                        None => {
                            // It was not read to its end, and is looked at again.
                            (report.blobs, report.stored) = (report.blobs - 1, report.stored - 1);
                            report.stopped = true;
                            break;
                        }
                    }
                }
                page.seen += 1;
                page.last = Some(location);
            }
            report.read_bytes = reread.bytes();
            let count = page.seen as u64;
            let last = page.last.take();
            self.finish_page(page, references, &mut report).await?;
            let ended = last.is_none() && !report.stopped;
            if ended || last.is_some() {
                position.after = last;
            }
            watch(position, &report);
            if ended || report.stopped {
                return Ok(report);
            }
            rests.rest(count, 2 * began.elapsed(), cancelled).await;
        }
    }

    async fn finish_page(
        &self,
        page: Page,
        references: &Arc<dyn BlobReferences>,
        report: &mut ScrubReport,
    ) -> Result<(), ContentError> {
        for row in page.suspects {
            self.confirm(&row, report).await?;
        }
        if !page.strays.is_empty() {
            let (strays, bytes) = self.trash_strays(page.strays).await?;
            report.strays += strays;
            report.stray_bytes += bytes;
        }
        if !page.settled.is_empty() {
            report.requeued += self.requeue(page.settled, references).await?;
        }
        Ok(())
    }

    /// Looks once more at a blob whose bytes seem to be gone or of another size.
    async fn confirm(&self, row: &Row, report: &mut ScrubReport) -> Result<(), ContentError> {
        let now = {
            let mut reader = self.inner.database.read().await?;
            crate::store::find_blob(&mut reader, &row.digest).await?
        };
        let Some(blob) = now.filter(|blob| blob.location == row.location) else {
            return Ok(()); // collected, or mended
        };
        match self.inner.storage.stat(&blob.location).await? {
            Some(size) if size == blob.size => {}
            Some(size) => {
                tracing::error!(digest = %blob.digest, location = %blob.location, size,
                    expected = blob.size, "a blob's bytes are more or fewer than they should be");
                report.wrong_size.add(&blob.digest);
            }
            None => {
                tracing::error!(digest = %blob.digest, location = %blob.location, "a blob's bytes are missing");
                report.missing.add(&blob.digest);
            }
        }
        Ok(())
    }

    /// Bytes that no row names become trash. Gives how many, and their bytes.
    async fn trash_strays(&self, strays: Vec<StoredBlob>) -> Result<(u64, u64), ContentError> {
        let strays = Arc::new(strays);
        let trashed = self.inner.database.write(move |tx| {
            let strays = Arc::clone(&strays);
            async move {
                let locations: Vec<Location> =
                    strays.iter().map(|stray| stray.location.clone()).collect();
                let living = store::living_at(tx, &locations).await?;
                let now = Timestamp::now();
                let mut sum = (0, 0);
                for stray in strays
                    .iter()
                    .filter(|stray| !living.contains(&stray.location))
                {
                    if store::trash_stray(tx, &stray.location, stray.size, now).await? {
                        tracing::warn!(location = %stray.location, size = stray.size,
                            "bytes that belong to no blob are trash now");
                        sum = (sum.0 + 1, sum.1 + stray.size);
                    }
                }
                Ok::<_, ContentError>(sum)
            }
            .boxed()
        });
        trashed.await
    }

    /// Puts blobs back into the queue that nothing refers to although collection believes so.
    async fn requeue(
        &self,
        settled: Vec<Digest>,
        references: &Arc<dyn BlobReferences>,
    ) -> Result<u64, ContentError> {
        let lost: Vec<Digest> = {
            let mut reader = self.inner.database.read().await?;
            let needed = references.referenced(&mut reader, &settled).await?;
            let lost = settled.into_iter();
            lost.filter(|digest| !needed.contains(digest)).collect()
        };
        if lost.is_empty() {
            return Ok(0);
        }
        let requeued = self.inner.database.write(move |tx| {
            let lost = lost.clone();
            async move { Ok::<_, ContentError>(store::review(tx, &lost).await?) }.boxed()
        });
        requeued.await
    }
}

impl Page {
    /// Sorts one location in; gives the row whose digest may be compared.
    fn take(
        &mut self,
        pair: Pair,
        report: &mut ScrubReport,
        settings: &ScrubSettings,
    ) -> Option<Row> {
        match pair {
            Pair::Both(row, stored) => {
                report.blobs += 1;
                report.stored += 1;
                if row.is_settled {
                    self.settled.push(row.digest.clone());
                }
                if row.size == stored.size {
                    return Some(row);
                }
                self.suspects.push(row);
            }
            Pair::Row(row) => {
                report.blobs += 1;
                self.suspects.push(row);
            }
            Pair::Stored(stored) => {
                report.stored += 1;
                // What is young may get its row any moment.
                if stored
                    .modified
                    .elapsed()
                    .is_ok_and(|age| age >= settings.stray_age)
                {
                    self.strays.push(stored);
                }
            }
        }
        None
    }
}

/// What there is at one location.
enum Pair {
    Both(Row, StoredBlob),
    Row(Row),
    Stored(StoredBlob),
}

impl Pair {
    fn location(&self) -> &Location {
        match self {
            Self::Both(row, _) | Self::Row(row) => &row.location,
            Self::Stored(stored) => &stored.location,
        }
    }
}

/// The database and the storage, each in the order of locations.
struct Sides<'c> {
    rows: VecDeque<Row>,
    rows_after: Option<Location>,
    rows_end: bool,
    listing: BoxStream<'c, Result<StoredBlob, StorageError>>,
    stored: Option<StoredBlob>,
    stored_end: bool,
}

impl<'c> Sides<'c> {
    fn new(content: &'c Content, after: Option<Location>) -> Self {
        Self {
            rows: VecDeque::new(),
            listing: content.inner.storage.list(after.as_ref()),
            rows_after: after,
            rows_end: false,
            stored: None,
            stored_end: false,
        }
    }

    async fn next(&mut self, content: &Content) -> Result<Option<Pair>, ContentError> {
        if self.rows.is_empty() && !self.rows_end {
            let mut reader = content.inner.database.read().await?;
            let page = store::rows(&mut reader, self.rows_after.as_ref(), PAGE).await?;
            self.rows_end = page.len() < PAGE;
            self.rows_after = page.last().map(|row| row.location.clone());
            self.rows.extend(page);
        }
        if self.stored.is_none() && !self.stored_end {
            self.stored = self.listing.try_next().await?;
            self.stored_end = self.stored.is_none();
        }
        let order = match (self.rows.front(), &self.stored) {
            (None, None) => return Ok(None),
            (Some(row), Some(stored)) => row.location.cmp(&stored.location),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
        };
        let row = if order.is_le() {
            self.rows.pop_front()
        } else {
            None
        };
        let stored = if order.is_ge() {
            self.stored.take()
        } else {
            None
        };
        Ok(match (row, stored) {
            (Some(row), Some(stored)) => Some(Pair::Both(row, stored)),
            (Some(row), None) => Some(Pair::Row(row)),
            (None, stored) => stored.map(Pair::Stored),
        })
    }
}
