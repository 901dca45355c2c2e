//! The logs of jobs: where a run writes, how people read it, when it is swept.
//!
//! What is ours to say about the process itself goes to `tracing`, not here. Next: `folder` and
//! `table`, the two places that can be read back.

mod folder;
mod line;
mod table;

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_database::{Database, Timestamp};

use self::folder::{LogFile, LogFolder};
use self::table::LogTable;
use crate::{JobId, StoreError};

pub use line::Level;
pub(crate) use table::STATEMENTS;

/// One place where the logs of jobs go.
#[derive(Clone, Debug)]
pub enum LogTarget {
    /// The standard output, for everyone to see; nobody can read it back.
    StandardOutput,
    /// The standard error.
    StandardError,
    /// `<folder>/<job id>.log`, mode 0600.
    Folder(PathBuf),
    /// The table `job_logs`.
    Database(Database),
}

/// Where the logs of jobs go, each place with the least level that goes there. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct JobLogs {
    places: Arc<Vec<Place>>,
}

#[derive(Clone, Debug)]
struct Place {
    sink: Sink,
    level: Level,
    kept: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Sink {
    StandardOutput,
    StandardError,
    Folder(LogFolder),
    Table(LogTable),
}

impl JobLogs {
    /// No place at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// One place more, from which nothing is swept.
    #[must_use]
    pub fn with(self, target: LogTarget, level: Level) -> Self {
        self.add(target, level, None)
    }

    /// One place more, where a log is kept for so long after it was last written to.
    #[must_use]
    pub fn with_kept(self, target: LogTarget, level: Level, kept: Duration) -> Self {
        self.add(target, level, Some(kept))
    }

    fn add(self, target: LogTarget, level: Level, kept: Option<Duration>) -> Self {
        let sink = match target {
            LogTarget::StandardOutput => Sink::StandardOutput,
            LogTarget::StandardError => Sink::StandardError,
            LogTarget::Folder(folder) => Sink::Folder(LogFolder::new(folder)),
            LogTarget::Database(database) => Sink::Table(LogTable::new(database)),
        };
        let mut places = Arc::unwrap_or_clone(self.places);
        places.push(Place { sink, level, kept });
        Self {
            places: Arc::new(places),
        }
    }

    /// The log of a job, the end of it if it is longer than `limit_bytes`; none if there is none.
    /// Read from the database before a folder, as in Harbor.
    pub async fn read(
        &self,
        job: &JobId,
        limit_bytes: Option<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let limit = limit_bytes.unwrap_or(u64::MAX);
        for place in &*self.places {
            if let Sink::Table(table) = &place.sink
                && let Some(log) = table.read(job, limit).await?
            {
                return Ok(Some(log));
            }
        }
        for place in &*self.places {
            if let Sink::Folder(folder) = &place.sink
                && let Some(log) = folder.read(job, limit).await?
            {
                return Ok(Some(log));
            }
        }
        Ok(None)
    }

    /// Whether there is a place that [`JobLogs::read`] can read from.
    pub fn can_be_read(&self) -> bool {
        self.places
            .iter()
            .any(|place| matches!(place.sink, Sink::Folder(_) | Sink::Table(_)))
    }

    /// Deletes the logs that are kept no longer, and answers with their number.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut swept = 0;
        for place in &*self.places {
            let Some(kept) = place.kept else {
                continue;
            };
            swept += match &place.sink {
                Sink::Folder(folder) => folder.sweep(now.minus(kept)).await?,
                Sink::Table(table) => table.sweep(now.minus(kept)).await?,
                Sink::StandardOutput | Sink::StandardError => 0,
            };
        }
        Ok(swept)
    }

    /// The log of a run of this job.
    pub fn open(&self, job: &JobId) -> JobLog {
        let writers = self.places.iter().map(|place| {
            let writer = match &place.sink {
                Sink::StandardOutput => Writer::StandardOutput,
                Sink::StandardError => Writer::StandardError,
                Sink::Folder(folder) => Writer::File(folder.open(job)),
                Sink::Table(table) => Writer::Table(table.clone()),
            };
            (writer, place.level)
        });
        JobLog {
            job: job.clone(),
            writers: writers.collect(),
            wrote: Arc::default(),
        }
    }
}

/// The log of one run. Attempts of a job append to one log. Clones write to the same.
#[derive(Clone)]
pub struct JobLog {
    job: JobId,
    writers: Arc<[(Writer, Level)]>,
    wrote: Arc<AtomicBool>,
}

enum Writer {
    StandardOutput,
    StandardError,
    File(LogFile),
    Table(LogTable),
}

impl fmt::Debug for JobLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobLog")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}

impl JobLog {
    /// Writes a line: `2026-01-01T00:00:00Z [INFO] [/file.rs:12]: text`, where the file is the
    /// caller's. It does not wait and does not fail; what cannot be written is lost, and `tracing`
    /// says so.
    #[track_caller]
    pub fn line(&self, level: Level, text: impl fmt::Display) {
        if self.writers.iter().all(|(_, least)| level < *least) {
            return;
        }
        self.wrote.store(true, Ordering::Relaxed);
        let location = std::panic::Location::caller();
        let line = line::format(Timestamp::now(), level, location, &text);
        for (writer, least) in &*self.writers {
            if level < *least {
                continue;
            }
            match writer {
                // Nobody is left to be told that nobody reads.
                Writer::StandardOutput => {
                    let _ = std::io::stdout().lock().write_all(line.as_bytes());
                }
                Writer::StandardError => {
                    let _ = std::io::stderr().lock().write_all(line.as_bytes());
                }
                Writer::File(file) => file.write(&line),
                Writer::Table(table) => table.write(&self.job, &line),
            }
        }
    }

    /// A line at [`Level::Debug`].
    #[track_caller]
    pub fn debug(&self, text: impl fmt::Display) {
        self.line(Level::Debug, text);
    }

    /// A line at [`Level::Info`].
    #[track_caller]
    pub fn info(&self, text: impl fmt::Display) {
        self.line(Level::Info, text);
    }

    /// A line at [`Level::Warning`].
    #[track_caller]
    pub fn warning(&self, text: impl fmt::Display) {
        self.line(Level::Warning, text);
    }

    /// A line at [`Level::Error`].
    #[track_caller]
    pub fn error(&self, text: impl fmt::Display) {
        self.line(Level::Error, text);
    }

    /// Waits until what was written can be read, so that whoever hears of the end of a job finds
    /// the whole of its log. Gives up after a few seconds.
    pub async fn flush(&self) {
        if !self.wrote.load(Ordering::Relaxed) {
            return;
        }
        for (writer, _) in &*self.writers {
            if let Writer::Table(table) = writer {
                table.flush(&self.job).await;
            }
        }
    }
}
