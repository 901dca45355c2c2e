//! A run of bytes in a file: a blob, a member of an archive, the content of a file in a layer.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// Bytes that lie in a file, which stays open as long as anybody has a slice of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Slice {
    file: Arc<File>,
    start: u64,
    length: u64,
}

/// Which bytes a slice is of: two slices with one id have the same content. Good while one of them lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceId {
    file: usize,
    start: u64,
    length: u64,
}

impl Slice {
    /// All of a file.
    pub fn whole(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            start: 0,
            length,
        })
    }

    /// A part of it; none if it would reach beyond the end.
    pub fn part(&self, start: u64, length: u64) -> Option<Self> {
        let end = start.checked_add(length)?;
        (end <= self.length).then(|| Self {
            file: Arc::clone(&self.file),
            start: self.start + start,
            length,
        })
    }

    /// Which bytes it is of.
    pub fn id(&self) -> SliceId {
        SliceId {
            file: Arc::as_ptr(&self.file).addr(),
            start: self.start,
            length: self.length,
        }
    }

    /// How many bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` from `offset` on, as far as there are bytes; how many.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(offset);
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let mut filled = 0;
        while filled < most {
            let buffer = buffer.get_mut(filled..most).unwrap_or_default();
            match self
                .file
                .read_at(buffer, self.start + offset + filled as u64)
            {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// The bytes, if they are at most `most`.
    pub fn bytes(&self, most: usize) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length)
            .ok()
            .filter(|length| *length <= most)
            .ok_or_else(|| io::Error::other(format!("is longer than {most} bytes")))?;
        let mut bytes = vec![0; length];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// The first bytes, at most `most`.
    pub fn beginning(&self, most: usize) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; length];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads it from the beginning.
    pub fn reader(&self) -> SliceReader {
        SliceReader {
            slice: self.clone(),
            offset: 0,
        }
    }
}

/// Reads a [`Slice`] from the beginning to its end.
#[derive(Debug)]
pub struct SliceReader {
    slice: Slice,
    offset: u64,
}

impl Read for SliceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.slice.read_at(self.offset, buffer)?;
        self.offset += count as u64;
        Ok(count)
    }
}
