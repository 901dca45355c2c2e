//! The logs of jobs: where a run writes, how people read it, when it is swept.
//!
//! What is ours to say about the process itself goes to `tracing`, not here.

use std::fmt;

use seawall_database::Timestamp;

use crate::{JobId, StoreError};

pub(crate) const STATEMENTS: &[&str] = &[];

/// How important a line is, in Harbor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For those who look for a defect.
    Debug,
    /// What goes on.
    Info,
    /// What should not be.
    Warning,
    /// What failed.
    Error,
    /// What ends the job.
    Fatal,
}

impl Level {
    /// The level of that name, in any case; [`Level::Warning`] for text that is none, as in Harbor.
    pub fn from_name(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "ERROR" => Self::Error,
            "FATAL" => Self::Fatal,
            _ => Self::Warning,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// One place where the logs of jobs go.
#[derive(Clone, Debug)]
pub enum LogTarget {
    /// The standard output, for everyone to see; nobody can read it back.
    StandardOutput,
    /// The standard error.
    StandardError,
    /// `<folder>/<job id>.log`, mode 0600.
    Folder(std::path::PathBuf),
    /// The table `job_logs`.
    Database(seawall_database::Database),
}

/// Where the logs of jobs go, each place with the least level that goes there. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct JobLogs {
    targets: Vec<(LogTarget, Level)>,
}

impl JobLogs {
    /// No place at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// One place more.
    #[must_use]
    pub fn with(mut self, target: LogTarget, level: Level) -> Self {
        self.targets.push((target, level));
        self
    }

    /// The log of a job, the end of it if it is longer than `limit_bytes`; none if there is none.
    /// Read from the database before a folder, as in Harbor.
    pub async fn read(
        &self,
        job: &JobId,
        limit_bytes: Option<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = (job, limit_bytes);
        todo!()
    }

    /// Deletes logs that were last written to before this moment, and answers with their number.
    pub async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        let _ = before;
        todo!()
    }
}

/// The log of one run. Attempts of a job append to one log. Clones write to the same.
#[derive(Clone)]
pub struct JobLog {
    job: JobId,
}

impl fmt::Debug for JobLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobLog")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}

impl JobLog {
    /// Writes a line: `2026-01-01T00:00:00Z [INFO] [file:line]: text`. It does not wait and does not
    /// fail; what cannot be written is lost, and `tracing` says so.
    #[track_caller]
    pub fn line(&self, level: Level, text: impl fmt::Display) {
        let _ = (level, text.to_string());
        todo!()
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
}
