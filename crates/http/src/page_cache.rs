//! Reading files without stalling the executor: what lies in the page cache is read at once (`RWF_NOWAIT`), the rest by the
//! blocking pool.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;

use rustix::fs::Advice;
use rustix::io::{Errno, ReadWriteFlags};

use crate::buffers::Buffer;

/// Distance between two probes of a window; the kernel reads ahead in steps of this size.
const PROBE_STEP: u64 = 128 << 10;

/// How far ahead a cold read asks the kernel to fetch.
const READ_AHEAD_BYTES: u64 = 8 << 20;

/// What `RWF_NOWAIT` said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cached {
    /// So many bytes were there; 0 at the end of the file.
    Read(usize),
    /// The disk must be asked.
    Cold,
}

/// Reads what the page cache holds of `file` from `offset` on.
pub(crate) fn read_cached(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<Cached> {
    match rustix::io::preadv2(
        file,
        &mut [IoSliceMut::new(buffer)],
        offset,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(read) => Ok(Cached::Read(read)),
        // A file system that knows no RWF_NOWAIT. In memory there is nothing to wait for; else the pool reads.
        Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) if is_in_memory(file) => {
            file.read_at(buffer, offset).map(Cached::Read)
        }
        Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => {
            Ok(Cached::Cold)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the window lies in the page cache, as far as samples tell. An error if the file ends inside it.
pub(crate) fn is_warm(file: &File, offset: u64, length: u64) -> io::Result<bool> {
    let mut byte = [0];
    let mut at = offset;
    let last = offset + length.max(1) - 1;
    loop {
        match rustix::io::preadv2(
            file,
            &mut [IoSliceMut::new(&mut byte)],
            at,
            ReadWriteFlags::NOWAIT,
        ) {
            Ok(0) => return Err(ended_early()),
            Ok(_) if at == last => return Ok(true),
            Ok(_) => at = (at + PROBE_STEP).min(last),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => return Ok(is_in_memory(file)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Brings the window into the page cache. Blocks: for the blocking pool only.
pub(crate) fn warm(file: &File, offset: u64, length: u64) -> io::Result<()> {
    let ahead = std::num::NonZeroU64::new(length.max(READ_AHEAD_BYTES));
    // Advice only: without it the reads below are slower, not wrong.
    let _ = rustix::fs::fadvise(file, offset, ahead, Advice::WillNeed);
    let mut scratch = Buffer::take();
    let mut at = offset;
    let end = offset + length;
    while at < end {
        let wanted = usize::try_from(end - at)
            .unwrap_or(usize::MAX)
            .min(scratch.bytes().len());
        match file.read_at(&mut scratch.bytes()[..wanted], at) {
            Ok(0) => return Err(ended_early()),
            Ok(read) => at += read as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The file is shorter than its row says.
pub(crate) fn ended_early() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the file is shorter than the body that was promised",
    )
}

fn is_in_memory(file: &File) -> bool {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    rustix::fs::fstatfs(file).is_ok_and(|status| u64::try_from(status.f_type) == Ok(TMPFS_MAGIC))
}
