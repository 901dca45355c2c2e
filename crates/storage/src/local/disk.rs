//! The few calls on which durability rests, so that tests can make them fail.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Makes files and folders durable.
pub(super) trait Disk: Send + Sync + 'static {
    /// Writes a file's content through to the disk.
    fn sync_file(&self, file: &File) -> io::Result<()>;
    /// Writes a folder's entries through to the disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// The operating system's `fsync`.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn sync_file(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// Opens a file that must not be a symbolic link.
pub(super) fn open_options() -> OpenOptions {
    let mut options = File::options();
    options
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}
