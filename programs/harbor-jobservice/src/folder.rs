//! Folders that the program writes into, and who it is when it may not.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};

/// The number of the user that the process runs as, for messages about permissions.
pub fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Makes the folder if it is missing, and makes sure that files can be made in it. `key` is what
/// named it.
pub fn writable(key: &str, path: &Path) -> anyhow::Result<()> {
    let attempt = || -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o750).create(path)?;
        let probe = path.join(format!(".seawall-{}", std::process::id()));
        File::create(&probe)?;
        std::fs::remove_file(&probe)
    };
    attempt().with_context(|| {
        format!(
            "{key}: {} is not writable for uid {}",
            path.display(),
            uid()
        )
    })
}

/// The lock on a data folder; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Locks the folder for this process.
    pub fn take(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("jobservice.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("opening {} as uid {}", path.display(), uid()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another harbor-jobservice uses {}; stop it, or name another folder in worker_pool.embedded.path",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("locking {}", path.display()))
            }
        }
    }
}
