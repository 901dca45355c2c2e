//! The data folder: made at the first start, readable by its owner only, used by one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

const LOCK_FILE: &str = "seawall.lock";

/// Another process uses the folder.
#[derive(Debug)]
pub struct Taken {
    path: PathBuf,
    /// The id of the process, as it wrote it down.
    pub process: String,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "another seawall process{} uses the data folder {}; stop it, or choose another with --data-dir",
            self.process,
            self.path.display()
        )
    }
}

impl std::error::Error for Taken {}

/// The lock on the folder; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataFolder {
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is missing and locks it. The error is [`Taken`] when another process has it.
    pub fn take(path: &Path) -> anyhow::Result<DataFolder> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("making the data folder {}", path.display()))?;
        let lock_path = path.join(LOCK_FILE);
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .with_context(|| format!("opening {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = std::fs::read_to_string(&lock_path).unwrap_or_default();
                let process = process.trim();
                return Err(Taken {
                    path: path.to_owned(),
                    process: if process.is_empty() {
                        String::new()
                    } else {
                        format!(" ({process})")
                    },
                }
                .into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", lock_path.display()));
            }
        }
        // For people who look for the process.
        let _ = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(DataFolder { _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_told_which_folder_is_taken() {
        let folder = std::env::temp_dir().join(format!("seawall-lock-{}", std::process::id()));
        let first = DataFolder::take(&folder).unwrap();
        let error = DataFolder::take(&folder).unwrap_err().to_string();
        assert!(error.contains(&*folder.to_string_lossy()), "{error}");
        let process = format!("process ({})", std::process::id());
        assert!(error.contains(&process), "{error}");
        drop(first);
        DataFolder::take(&folder).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
