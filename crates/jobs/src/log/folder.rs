//! Logs as files, one for each job. A name comes from a [`JobId`] alone, which holds neither a
//! slash nor two dots, so that nothing outside the folder is ever reached.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use seawall_database::Timestamp;

use super::line::tail;
use crate::{JobId, StoreError};

#[derive(Clone, Debug)]
pub(super) struct LogFolder {
    folder: Arc<Path>,
}

/// The file of one job, created with its first line.
pub(super) struct LogFile {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl LogFolder {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, job: &JobId) -> PathBuf {
        self.folder.join(format!("{job}.log"))
    }

    pub(super) fn open(&self, job: &JobId) -> LogFile {
        LogFile {
            path: self.path(job),
            file: Mutex::new(None),
        }
    }

    pub(super) async fn read(
        &self,
        job: &JobId,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(job);
        in_background(move || match read_tail(&path, limit) {
            Ok(log) => Ok(Some(log)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&path, &error)),
        })
        .await
    }

    /// Deletes logs that were last written to before `before`; nothing that is no log of a job.
    pub(super) async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        let folder = Arc::clone(&self.folder);
        in_background(move || {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
                Err(error) => return Err(failure(&folder, &error)),
            };
            let mut swept = 0;
            for entry in entries.flatten() {
                let name = entry.file_name();
                let job = name.to_str().and_then(|name| name.strip_suffix(".log"));
                let is_log = job.is_some_and(|job| job.parse::<JobId>().is_ok());
                let modified = entry.metadata().and_then(|metadata| metadata.modified());
                let is_old = modified.is_ok_and(|time| Timestamp::from(time) < before);
                if is_log && is_old && std::fs::remove_file(entry.path()).is_ok() {
                    swept += 1;
                }
            }
            Ok(swept)
        })
        .await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Other(error.to_string()))?
}

fn failure(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn read_tail(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // One byte more tells whether the tail begins with a line.
    let from = length.saturating_sub(limit.saturating_add(1));
    file.seek(SeekFrom::Start(from))?;
    let mut log = Vec::new();
    file.take(length - from).read_to_end(&mut log)?;
    Ok(tail(log, limit))
}

impl LogFile {
    pub(super) fn write(&self, line: &str) {
        if let Err(error) = self.try_write(line) {
            tracing::warn!(path = %self.path.display(), %error, "a line of a job's log is lost");
        }
    }

    fn try_write(&self, line: &str) -> std::io::Result<()> {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *slot {
            Some(file) => file,
            None => slot.insert(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .mode(0o600)
                    .open(&self.path)?,
            ),
        };
        file.write_all(line.as_bytes())
    }
}
